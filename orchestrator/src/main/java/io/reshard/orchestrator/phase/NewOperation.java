package io.reshard.orchestrator.phase;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.config.Units;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Takes a plan on as an operation. Nothing outside the control database is touched. */
public final class NewOperation {
  private NewOperation() {}

  /**
   * Stores the operation. Errors: {@code preflight_failed} names what the plan found in the way,
   * {@code topology_conflict}, {@code concurrent_resharding_not_allowed}.
   */
  public static Operation create(ControlDatabase control, Plan plan, ReshardingOptions options) {
    return create(control, plan, options, Throttle.NONE, Optional.empty());
  }

  /**
   * The same, with a copy that is held back from the start.
   *
   * @param holdAfter the phase behind which it waits for a person
   */
  public static Operation create(
      ControlDatabase control,
      Plan plan,
      ReshardingOptions options,
      Throttle throttle,
      Optional<Phase> holdAfter) {
    requirePreflight(plan);
    Operation operation =
        new PostgresOperationStore(control).create(plan, record(options), holdAfter);
    new ThrottleStore(control).set(plan.planId(), throttle);
    // Whoever is told the id finds the new shards as pending; their databases are the driver's
    // work.
    new TopologyStore(control).record(plan.newShards(), ShardStatus.PENDING, null);
    return operation;
  }

  private static void requirePreflight(Plan plan) {
    String failed =
        plan.preflight().stream()
            .filter(finding -> !finding.ok())
            .map(
                finding ->
                    finding.check()
                        + (finding.shard() == null ? "" : " on " + finding.shard())
                        + ": "
                        + finding.detail()
                        + " ("
                        + finding.remedy()
                        + ")")
            .collect(Collectors.joining("; "));
    if (!failed.isEmpty()) {
      throw new ReshardingException(
          ErrorCode.PREFLIGHT_FAILED, "the plan's preflight report says no: " + failed);
    }
  }

  private static Map<String, String> record(ReshardingOptions options) {
    return Map.of(
        "copyBatchSize", Integer.toString(options.copyBatchSize()),
        "cdcLagThreshold", Units.text(options.cdcLagThreshold()),
        "verificationMode", options.verificationMode().name(),
        "cutoverTimeout", Units.text(options.cutoverTimeout()),
        "cleanupRetention", Units.text(options.cleanupRetention()),
        "replicationTimeout", Units.text(options.replicationTimeout()),
        "rollbackOnFailure", Boolean.toString(options.rollbackOnFailure()));
  }
}
