package io.reshard.orchestrator;

import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PreflightFinding;
import io.reshard.core.plan.Split;
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

/** Plans without tables, for tests of what happens around them. */
public final class SmallPlans {
  private SmallPlans() {}

  /** One shard that owns everything, or two that own a half each. */
  public static Topology topology(long version, int shards, String nodeUrl) {
    List<Shard> all =
        shards == 1
            ? List.of(shard(0, KeyRange.parse("-")))
            : List.of(shard(0, KeyRange.parse("-80")), shard(1, KeyRange.parse("80-")));
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(new Node("node-1", nodeUrl, "postgres", null, null)),
        all,
        List.of(new TableRule("public.orders", "customer_id", false)));
  }

  private static Shard shard(int number, KeyRange range) {
    return new Shard("shard-" + number, "node-1", "app_" + number, ShardStatus.ACTIVE, range, null);
  }

  /** A plan from one shard to two. */
  public static Plan plan(String id, long sourceVersion, PreflightFinding... preflight) {
    String url = "jdbc:postgresql://127.0.0.1:1/";
    return new Plan(
        Plan.FORMAT,
        id,
        topology(sourceVersion, 1, url),
        topology(sourceVersion + 1, 2, url),
        List.of(),
        List.of(),
        List.of(new MigrationStep("shard-0", "shard-1", "80-", 100, 1_000)),
        List.of(new Split(0, 0, "shard-0", null, null, 100)),
        100,
        1_000,
        List.of(preflight));
  }
}
