package io.reshard.orchestrator.phase;

import io.reshard.orchestrator.state.Operation;
import java.util.Optional;

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

  /**
   * Switches, or goes forward if that has happened.
   *
   * @param operation empty where the job was submitted by hand: then it is left to its operator
   */
  public CutoverReport run(Optional<Operation> operation) {
    CutoverReport report = cutover.run(context);
    Removal removal = new Removal(context);
    removal.revokeEpochs();
    operation.ifPresent(removal::endJob);
    removal.dropCaptures();
    removal.deleteCheckpoints();
    return report;
  }
}
