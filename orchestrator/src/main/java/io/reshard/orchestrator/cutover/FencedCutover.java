package io.reshard.orchestrator.cutover;

import io.reshard.orchestrator.config.Options;
import io.reshard.orchestrator.phase.CutoverProcedure;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.OperationContext;

/** The cutover by write fence, exact drain and compare-and-set. Stateless and thread-safe. */
public final class FencedCutover implements CutoverProcedure {
  @Override
  public CutoverReport run(OperationContext context) {
    Cutover cutover = cutover(context);
    if (cutover.recover()) {
      return new CutoverReport(true, context.plan().target().version(), 0, 0, Cutover.GATE_OPEN);
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
      throw Cutover.alreadySwitched(context.operationId());
    }
  }

  private static Cutover cutover(OperationContext context) {
    Options options = context.options();
    CutoverSettings settings =
        new CutoverSettings(
            options.cutoverTimeout(),
            options.cdcLagThreshold(),
            CutoverSettings.OPEN_TRANSACTIONS,
            options.onCutoverStarting(),
            context.onSwitch());
    return new Cutover(context.plan(), context.secrets(), context.control(), settings);
  }
}
