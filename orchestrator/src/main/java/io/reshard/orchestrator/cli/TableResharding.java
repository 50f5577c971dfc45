package io.reshard.orchestrator.cli;

import io.reshard.core.control.ShardRecord;
import io.reshard.core.plan.Plan;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.state.Operation;
import io.reshard.planner.Planner;
import io.reshard.planner.PlannerOptions;
import io.reshard.planner.TableTarget;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Plan and start in one, for a table that shall have another number of shards. */
final class TableResharding {
  private final CommonOptions common;

  TableResharding(CommonOptions common) {
    this.common = common;
  }

  /** Stores the operation, leaves it to a process of its own, and prints its id. */
  void start(String table, int shards) {
    try (Session session = common.open()) {
      Topology active = session.topologies().active();
      Topology wanted =
          TableTarget.of(
              active,
              table,
              shards,
              session.topologies().shards().stream()
                  .map(ShardRecord::shardId)
                  .collect(Collectors.toSet()));
      Driving.requireCluster(session, "resharding a table in one statement");
      ReshardingOptions options = session.config().options();
      Plan plan =
          new Planner(
                  session.secrets(active, wanted),
                  PlannerOptions.defaults()
                      .withTables(List.of(table))
                      .withCopyBatchSize(options.copyBatchSize()))
              .plan(active, wanted, session.operations().ids());
      Operation operation =
          NewOperation.create(
              session.control(), plan, options, session.config().throttle(), Optional.empty());
      Detached.start(common, session, operation.id(), Optional.empty());
    }
  }
}
