package io.reshard.job;

import io.reshard.core.plan.Plan;
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
import java.util.stream.IntStream;

/** Migrations of tests that do without a control database, of the table public.item. */
public final class TestMigrations {
  private TestMigrations() {}

  public static Migration of(Plan plan, Secrets secrets) {
    return new Migration(plan, secrets, 1);
  }

  /** Shards {@code shard-0, …} with these key ranges, in the databases {@code app_0, …}. */
  public static Topology topology(long version, Node node, String... keyRanges) {
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(node),
        IntStream.range(0, keyRanges.length)
            .mapToObj(
                number ->
                    new Shard(
                        "shard-" + number,
                        node.id(),
                        "app_" + number,
                        ShardStatus.ACTIVE,
                        KeyRange.parse(keyRanges[number]),
                        null))
            .toList(),
        List.of(new TableRule("public.item", "id", false)));
  }
}
