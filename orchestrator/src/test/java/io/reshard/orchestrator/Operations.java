package io.reshard.orchestrator;

import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Operations of tests, with a cutover that a busy machine does not end too early. */
final class Operations {
  private Operations() {}

  /** Stores an operation; driving it is up to the caller. */
  static OperationContext begin(LiveSystem system, Plan plan, FlinkCluster cluster) {
    new PostgresOperationStore(system.control()).create(plan, Map.of());
    return new OperationContext(
        plan,
        system.secrets(),
        system.control(),
        ReshardingOptions.builder().cutoverTimeout(Duration.ofMinutes(1)).build(),
        Optional.of(cluster),
        Optional.empty());
  }
}
