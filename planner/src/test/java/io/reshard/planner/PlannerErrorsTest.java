package io.reshard.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Errors that need no server: nothing listens on the nodes' port. */
class PlannerErrorsTest {
  private static final String URL = "jdbc:postgresql://127.0.0.1:1/";
  private static final TableRule ORDERS = new TableRule("public.orders", "customer_id", false);

  @Test
  void identicalTopologies() {
    Topology active = topology(range("shard-0", "a", "-80"), range("shard-1", "b", "80-"));
    Topology same =
        topology(range("shard-1", "b", "80-"), range("shard-0", "a", "-80")).withVersion(7);
    assertRefused(active, same, ErrorCode.TOPOLOGIES_IDENTICAL, "nothing to move");
  }

  @Test
  void noKeyThatMoves() {
    Topology active = topology(range("shard-0", "a", "-"));
    Topology modulo =
        new Topology(
            1,
            new Routing(RoutingStrategy.MODULO, HashFunction.POSTGRES),
            active.nodes(),
            List.of(new Shard("shard-0", "node-1", "a", ShardStatus.ACTIVE, null, 0)),
            active.tables());
    assertRefused(active, modulo, ErrorCode.EMPTY_PLAN, "no key changes its shard");
  }

  @Test
  void aShardThatMovesItself() {
    assertRefused(
        topology(range("shard-0", "a", "-")),
        topology(range("shard-0", "b", "-80"), range("shard-1", "c", "80-")),
        ErrorCode.INVALID_TOPOLOGY,
        "cannot change its place");
  }

  @Test
  void aNewShardThatOwnsNothing() {
    assertRefused(
        topology(range("shard-0", "a", "-")),
        topology(
            range("shard-0", "a", "-"),
            new Shard("shard-1", "node-1", "b", ShardStatus.ACTIVE, null, null)),
        ErrorCode.INVALID_TOPOLOGY,
        "'shard-1' is new but owns nothing");
  }

  @Test
  void aNewShardInAnOldShardsDatabase() {
    assertRefused(
        topology(range("shard-0", "a", "-")),
        topology(range("shard-1", "a", "-")),
        ErrorCode.INVALID_TOPOLOGY,
        "'node-1/a' is there twice");
  }

  @Test
  void aNodeOrTableThatChanges() {
    Topology active = topology(range("shard-0", "a", "-"));
    Topology target = topology(range("shard-1", "b", "-"));
    assertRefused(
        active,
        new Topology(
            1,
            target.routing(),
            List.of(new Node("node-1", "jdbc:postgresql://elsewhere/", null, null, null)),
            target.shards(),
            target.tables()),
        ErrorCode.INVALID_TOPOLOGY,
        "another server needs another node id");
    assertRefused(
        active,
        withTables(target, new TableRule("orders", "id", false)),
        ErrorCode.INVALID_TOPOLOGY,
        "has another shard key");
    assertRefused(
        active,
        withTables(target, new TableRule("items", "customer_id", false)),
        ErrorCode.INVALID_TOPOLOGY,
        "'public.orders' of the active topology is missing");
    assertRefused(
        active,
        withTables(target, ORDERS, new TableRule("items", "customer_id", false)),
        ErrorCode.INVALID_TOPOLOGY,
        "'public.items' is not in the active topology");
  }

  @Test
  void anUnknownTable() {
    assertThatThrownBy(
            () ->
                planner(PlannerOptions.defaults().withTables(List.of("public.order")))
                    .plan(
                        topology(range("shard-0", "a", "-")), topology(range("shard-1", "b", "-"))))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_ARGUMENTS))
        .hasMessageContaining("public.orders");
  }

  @Test
  void shardsThatCannotBeReachedAllAtOnce() {
    assertThatThrownBy(
            () ->
                planner(PlannerOptions.defaults())
                    .plan(
                        topology(range("shard-0", "a", "-")), topology(range("shard-1", "b", "-"))))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.PLAN_GENERATION_FAILED))
        .hasMessageContainingAll(
            "shard 'shard-0' cannot be examined", "shard 'shard-1' cannot be examined");
  }

  @Test
  void aBatchOfNoRows() {
    assertThatThrownBy(() -> PlannerOptions.defaults().withCopyBatchSize(0))
        .isInstanceOf(ReshardingException.class)
        .hasMessageContaining("copyBatchSize");
  }

  @Test
  void retiresWhatOwnsNothingAnyMore() {
    Topology active = topology(range("shard-0", "a", "-80"), range("shard-1", "b", "80-"));
    Shard pending =
        new Shard("shard-2", "node-1", "c", ShardStatus.PENDING, KeyRange.parse("80-"), null);
    Topology wanted = topology(range("shard-0", "a", "-80"), pending);
    Topology after = new TargetTopology(active, wanted, wanted.tables()).afterSwitch();
    assertThat(after.version()).isEqualTo(2);
    assertThat(after.shard("shard-0").status()).isEqualTo(ShardStatus.ACTIVE);
    assertThat(after.shard("shard-1").status()).isEqualTo(ShardStatus.TO_BE_DELETED);
    assertThat(after.shard("shard-1").statesOwnership()).isFalse();
    assertThat(after.shard("shard-2").status()).isEqualTo(ShardStatus.ACTIVE);
    assertThat(after.owners()).extracting(Shard::id).containsExactly("shard-0", "shard-2");
  }

  private static void assertRefused(
      Topology active, Topology target, ErrorCode code, String message) {
    assertThatThrownBy(() -> planner(PlannerOptions.defaults()).plan(active, target))
        .isInstanceOfSatisfying(
            ReshardingException.class, e -> assertThat(e.errorCode()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private static Planner planner(PlannerOptions options) {
    return new Planner(new Secrets(null, null), options);
  }

  private static Shard range(String id, String database, String keyRange) {
    return new Shard(id, "node-1", database, ShardStatus.ACTIVE, KeyRange.parse(keyRange), null);
  }

  private static Topology topology(Shard... shards) {
    return new Topology(
        1,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(new Node("node-1", URL, "app", null, null)),
        List.of(shards),
        List.of(ORDERS));
  }

  private static Topology withTables(Topology topology, TableRule... rules) {
    return new Topology(
        topology.version(),
        topology.routing(),
        topology.nodes(),
        topology.shards(),
        List.of(rules));
  }
}
