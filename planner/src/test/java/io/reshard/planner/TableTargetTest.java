package io.reshard.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.core.topology.TopologyRules;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableTargetTest {
  private static final TableRule ORDERS = new TableRule("public.orders", "customer_id", false);
  private static final TableRule ITEMS = new TableRule("public.items", "order_id", false);

  @Test
  void addsPendingShardsWithTheNextIdsEvenlyOverTheNodes() {
    Topology wanted = TableTarget.of(topology(ORDERS), "orders", 4, Set.of("shard-7"));
    assertThat(wanted.shards())
        .extracting(Shard::id)
        .containsExactly("shard-0", "shard-1", "shard-8", "shard-9");
    assertThat(wanted.shards())
        .extracting(Shard::status)
        .containsExactly(
            ShardStatus.ACTIVE, ShardStatus.ACTIVE, ShardStatus.PENDING, ShardStatus.PENDING);
    assertThat(wanted.shards().subList(2, 4))
        .extracting(Shard::node)
        .containsExactly("node-2", "node-2");
    assertThat(wanted.shards().subList(2, 4))
        .extracting(Shard::database)
        .containsExactly("app_2", "app_3");
    assertThat(wanted.shards())
        .extracting(shard -> shard.keyRange().toString())
        .containsExactly("-40", "40-80", "80-c0", "c0-");
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "5", "7", "255", "256"})
  void sharesOutTheWholeSpace(int count) {
    Topology active = topology(ORDERS);
    if (count != 2) {
      Topology target =
          new TargetTopology(
                  active, TableTarget.of(active, "orders", count, Set.of()), List.of(ORDERS))
              .afterSwitch();
      assertThat(TopologyRules.check(target).owners()).hasSize(count);
    }
  }

  @Test
  void leavesTheOtherTablesAsTheyAre() {
    Topology active = topology(ORDERS, ITEMS);
    Topology wanted = TableTarget.of(active, "public.orders", 3, Set.of());
    Topology after =
        new TargetTopology(active, wanted, List.of(wanted.tables().get(0))).afterSwitch();
    assertThat(after.viewOf(after.tables().get(0)).owners())
        .extracting(Shard::id)
        .containsExactly("shard-0", "shard-1", "shard-2");
    assertThat(after.viewOf(after.tables().get(1)).owners())
        .extracting(Shard::id)
        .containsExactly("shard-0", "shard-1");
    assertThat(after.shard("shard-2").status()).isEqualTo(ShardStatus.ACTIVE);
  }

  @Test
  void mergesIntoTheFirstShards() {
    Topology wanted = TableTarget.of(topology(ORDERS), "orders", 1, Set.of());
    assertThat(wanted.shards()).extracting(Shard::id).containsExactly("shard-0");
    assertThat(wanted.shards().get(0).keyRange().toString()).isEqualTo("-");
  }

  @ParameterizedTest
  @CsvSource({
    "orders, 0, INVALID_ARGUMENTS, between 1 and 256",
    "orders, 257, INVALID_ARGUMENTS, between 1 and 256",
    "nothing, 4, INVALID_ARGUMENTS, 'nothing' is not in the topology",
    "country, 4, INVALID_ARGUMENTS, is a reference table",
    "orders, 2, TOPOLOGIES_IDENTICAL, has 2 shards already",
  })
  void refuses(String table, int count, ErrorCode code, String message) {
    Topology active = topology(ORDERS, new TableRule("country", null, true));
    assertThatThrownBy(() -> TableTarget.of(active, table, count, Set.of()))
        .isInstanceOfSatisfying(
            ReshardingException.class, e -> assertThat(e.errorCode()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private static Topology topology(TableRule... rules) {
    return TopologyRules.check(
        new Topology(
            1,
            new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
            List.of(node("node-1"), node("node-2")),
            List.of(shard(0, "-80"), shard(1, "80-")),
            List.of(rules)));
  }

  private static Node node(String id) {
    return new Node(id, "jdbc:postgresql://" + id + "/", null, null, null);
  }

  private static Shard shard(int number, String range) {
    return new Shard(
        "shard-" + number,
        "node-1",
        "app_" + number,
        ShardStatus.ACTIVE,
        KeyRange.parse(range),
        null);
  }
}
