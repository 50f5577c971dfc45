package io.reshard.orchestrator.phase;

import io.reshard.orchestrator.state.Milestone;

/**
 * The cutover with what follows it at once: the forward job has lost the right to write, so it ends
 * here, and its slots and checkpoints with it. A slot that nobody reads would fill its disk.
 */
public final class Switch {
  private final OperationContext context;
  private final CutoverProcedure cutover;

  public Switch(OperationContext context, CutoverProcedure cutover) {
    this.context = context;
    this.cutover = cutover;
  }

  /** Switches by hand, or goes forward if that has happened; the job is left to its operator. */
  public CutoverReport run() {
    CutoverReport report = cutover.run(context);
    endReplication(new Removal(context));
    return report;
  }

  /** Switches an operation, or goes forward if that has happened. Its job is forgotten. */
  CutoverReport run(OperationHandle handle) {
    CutoverReport report = cutover.run(context);
    Removal removal = new Removal(context);
    removal.endJob(handle.current());
    Milestone.FORWARD_JOB_ENDED.pass();
    // The job that is submitted next runs the other way and must start from nothing of this one.
    handle.recordJob(null, null);
    Milestone.FORWARD_JOB_FORGOTTEN.pass();
    endReplication(removal);
    Milestone.FORWARD_JOB_REMOVED.pass();
    return report;
  }

  private static void endReplication(Removal removal) {
    removal.revokeEpochs();
    removal.dropCaptures();
    removal.deleteCheckpoints();
  }
}
