package io.reshard.orchestrator.phase;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ReshardingException;
import java.util.Optional;

/** A cutover that switches the topology and nothing else, unless a test has it fail. */
final class FakeCutover implements CutoverProcedure {
  Optional<ReshardingException> failure = Optional.empty();
  int undone;

  @Override
  public CutoverReport run(OperationContext context) {
    failure.ifPresent(
        e -> {
          throw e;
        });
    long version = context.plan().source().version();
    context
        .control()
        .call(
            "switch",
            jdbi ->
                jdbi.inTransaction(
                    handle -> {
                      TopologyStore.compareAndSet(handle, version, context.plan().target());
                      return null;
                    }));
    return new CutoverReport(true, version + 1, 12, 5, "open");
  }

  @Override
  public CutoverReport rehearse(OperationContext context) {
    return new CutoverReport(false, context.plan().source().version(), 0, 0, "open");
  }

  @Override
  public void undo(OperationContext context) {
    undone++;
  }
}
