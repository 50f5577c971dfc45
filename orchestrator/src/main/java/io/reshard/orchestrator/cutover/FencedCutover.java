package io.reshard.orchestrator.cutover;

import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.hook.Executable;
import io.reshard.orchestrator.phase.CutoverProcedure;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.phase.OperationContext;
import java.util.Optional;

/** The cutover by write fence, exact drain and compare-and-set. Immutable and thread-safe. */
public final class FencedCutover implements CutoverProcedure {
  private final boolean wayBack;

  /** A cutover that can be taken back. */
  public FencedCutover() {
    this(true);
  }

  /**
   * A cutover.
   *
   * @param wayBack whether it prepares the way back: then a reverse job must read what it captures
   */
  public FencedCutover(boolean wayBack) {
    this.wayBack = wayBack;
  }

  @Override
  public CutoverReport run(OperationContext context) {
    Cutover cutover = cutover(context);
    if (cutover.recover()) {
      return new CutoverReport(
          true, context.plan().target().version(), 0, 0, CutoverReport.GATE_OPEN);
    }
    return cutover.run();
  }

  @Override
  public CutoverReport rehearse(OperationContext context) {
    return cutover(context).rehearse();
  }

  @Override
  public void undo(OperationContext context) {
    if (cutover(context).recover()) {
      throw Cutover.alreadySwitched(context.plan().forwardId());
    }
  }

  @Override
  public void validateForeignKeys(OperationContext context) {
    cutover(context).validateForeignKeys();
  }

  @Override
  public Optional<CutoverStatus> status(OperationContext context) {
    return attempts(context).newest().map(CutoverAttempts.Attempt::status);
  }

  @Override
  public void close(OperationContext context) {
    attempts(context).close();
  }

  private static CutoverAttempts attempts(OperationContext context) {
    return new CutoverAttempts(context.control(), context.plan());
  }

  private Cutover cutover(OperationContext context) {
    ReshardingOptions options = context.options();
    boolean reverse = context.plan().isReverse();
    CutoverSettings settings =
        new CutoverSettings(
            options.cutoverTimeout(),
            options.cdcLagThreshold(),
            CutoverSettings.OPEN_TRANSACTIONS,
            options.verificationMode(),
            // Who goes back has decided: nobody is asked whether it is a good moment.
            reverse ? Optional.empty() : options.onCutoverStarting(),
            context.onSwitch().map(Executable::new),
            wayBack && !reverse);
    return new Cutover(context.plan(), context.secrets(), context.control(), settings);
  }
}
