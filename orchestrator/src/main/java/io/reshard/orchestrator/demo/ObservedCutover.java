package io.reshard.orchestrator.demo;

import io.reshard.orchestrator.phase.CutoverProcedure;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.testkit.LiveWriter;
import java.util.Optional;

/** A cutover during which the writers note how long they wait. */
public final class ObservedCutover implements CutoverProcedure {
  private final CutoverProcedure cutover;
  private final LiveWriter writer;

  public ObservedCutover(CutoverProcedure cutover, LiveWriter writer) {
    this.cutover = cutover;
    this.writer = writer;
  }

  @Override
  public CutoverReport run(OperationContext context) {
    writer.beginWindow();
    try {
      return cutover.run(context);
    } finally {
      writer.endWindow();
    }
  }

  @Override
  public CutoverReport rehearse(OperationContext context) {
    return cutover.rehearse(context);
  }

  @Override
  public void undo(OperationContext context) {
    cutover.undo(context);
  }

  @Override
  public void validateForeignKeys(OperationContext context) {
    cutover.validateForeignKeys(context);
  }

  @Override
  public Optional<CutoverStatus> status(OperationContext context) {
    return cutover.status(context);
  }

  @Override
  public void close(OperationContext context) {
    cutover.close(context);
  }
}
