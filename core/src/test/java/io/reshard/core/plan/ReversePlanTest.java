package io.reshard.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.json.Documents;
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

class ReversePlanTest {
  private static final Topology TWO =
      topology(7, shard(0, ShardStatus.ACTIVE, "-80"), shard(1, ShardStatus.ACTIVE, "80-"));
  private static final Topology MERGED =
      topology(8, shard(0, ShardStatus.ACTIVE, "-"), shard(1, ShardStatus.TO_BE_DELETED, null));

  private final Plan plan =
      new Plan(
          Plan.FORMAT,
          "20260101-0a1b2c3d",
          TWO,
          MERGED,
          List.of("CREATE SCHEMA s"),
          List.of(),
          List.of(new MigrationStep("shard-1", "shard-0", "80-", 10, 100)),
          List.of(),
          10,
          100,
          List.of());

  private static Shard shard(int number, ShardStatus status, String range) {
    return new Shard(
        "shard-" + number,
        "node-1",
        "app_" + number,
        status,
        range == null ? null : KeyRange.parse(range),
        null);
  }

  private static Topology topology(long version, Shard... shards) {
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(new Node("node-1", "jdbc:postgresql://127.0.0.1:1/", "app", null, null)),
        List.of(shards),
        List.of(new TableRule("public.orders", "customer_id", false)));
  }

  @Test
  void leadsBackUnderANewVersion() {
    Plan back = plan.reversed();
    assertThat(back.source()).isEqualTo(MERGED);
    assertThat(back.target()).isEqualTo(TWO.withVersion(9));
    assertThat(back.sources()).containsExactly("shard-0");
    assertThat(back.targets()).containsExactly("shard-1");
    assertThat(back.splits()).isEmpty();
    assertThat(back.planId()).isNotEqualTo(plan.planId());
    assertThat(back.forwardId()).isEqualTo(plan.planId()).isEqualTo(plan.forwardId());
    assertThat(Documents.parse(Documents.toJson(back), Plan.class, null, "")).isEqualTo(back);
  }

  /** A retired shard owns nothing under the topology that it leaves behind, but holds its rows. */
  @Test
  void hasNoNewShards() {
    assertThat(plan.isReverse()).isFalse();
    assertThat(plan.reversed().isReverse()).isTrue();
    assertThat(plan.reversed().isNew("shard-1")).isFalse();
  }

  @Test
  void isNotReversedAgain() {
    assertThatThrownBy(() -> plan.reversed().reversed()).isInstanceOf(IllegalStateException.class);
  }
}
