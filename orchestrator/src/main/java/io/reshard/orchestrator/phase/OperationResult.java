package io.reshard.orchestrator.phase;

import io.reshard.core.plan.Plan;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PhaseRecord;
import java.util.List;

/**
 * What has become of an operation so far.
 *
 * @param success whether the new topology is in force: CLEANING_UP or COMPLETED
 * @param finalPhase the phase where it stands
 * @param error why it is not successful, or what a clean-up has left behind; null if neither
 * @param history every passage through a phase, the oldest first
 * @param rollback what a rollback needs; null on success
 */
public record OperationResult(
    String id,
    boolean success,
    Phase finalPhase,
    OperationError error,
    List<PhaseRecord> history,
    RollbackData rollback) {
  /**
   * What a rollback needs. {@code Orchestrator.rollback} takes the operation's id and finds the
   * same by itself.
   *
   * @param lastCompletedPhase null if none was
   */
  public record RollbackData(Plan plan, Topology oldTopology, Phase lastCompletedPhase) {}

  /** The result of {@code id}; {@code resharding_not_found} if there is no such operation. */
  public static OperationResult read(OperationStore store, String id) {
    Operation operation = store.get(id);
    boolean success =
        operation.phase() == Phase.CLEANING_UP || operation.phase() == Phase.COMPLETED;
    Plan plan = store.plan(id);
    return new OperationResult(
        id,
        success,
        operation.phase(),
        operation.error(),
        store.history(id),
        success ? null : new RollbackData(plan, plan.source(), operation.lastCompletedPhase()));
  }
}
