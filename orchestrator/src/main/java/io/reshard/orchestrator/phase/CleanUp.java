package io.reshard.orchestrator.phase;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PhaseRecord;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends an operation after its switch: the job, slots and publications go, and the sources lose the
 * rows that they no longer own. A failure is not fatal: the operation is COMPLETED with the error,
 * and the clean-up can be run again.
 */
public final class CleanUp {
  private static final Logger LOG = LoggerFactory.getLogger(CleanUp.class);

  private final OperationContext context;
  private final OperationStore store;

  public CleanUp(OperationContext context) {
    this.context = context;
    this.store = new OperationStore(context.control());
  }

  /** When the retention of an operation in CLEANING_UP is over. */
  public Instant retentionEnd() {
    Instant switched =
        store.history(context.operationId()).stream()
            .filter(one -> one.phase() == Phase.CLEANING_UP)
            .map(PhaseRecord::startedAt)
            .reduce((first, second) -> second)
            .orElseThrow(() -> notSwitched(store.get(context.operationId())));
    return switched.plus(context.options().cleanupRetention());
  }

  /** Waits for the end of the retention, without holding the operation. */
  public void awaitRetention() {
    Instant end = retentionEnd();
    while (Instant.now().isBefore(end)
        && store.get(context.operationId()).phase() == Phase.CLEANING_UP) {
      Duration left = Duration.between(Instant.now(), end);
      Waiting.sleep(left.compareTo(Waiting.POLL) < 0 ? left : Waiting.POLL);
    }
  }

  /**
   * Cleans up now. {@code invalid_phase_transition} if the topology has not been switched; {@code
   * cleanup_failed} if the operation is COMPLETED, but something was left behind.
   */
  public Operation run() {
    String id = context.operationId();
    try (DriverLock lock = DriverLock.acquire(context.control().endpoint(), id, false)) {
      Operation operation = store.get(id);
      boolean again = operation.phase() == Phase.COMPLETED && operation.error() != null;
      if (operation.phase() != Phase.CLEANING_UP && !again) {
        throw notSwitched(operation);
      }
      OperationHandle handle = new OperationHandle(store, lock, operation);
      try {
        Retries.run(() -> cleanUp(handle), e -> pause(handle, e));
      } catch (RuntimeException e) {
        throw failed(handle, Failures.coded(e));
      }
      if (again) {
        handle.pause(null);
      } else {
        handle.completePhase();
        handle.enter(Phase.COMPLETED);
      }
      return handle.current();
    }
  }

  private void cleanUp(OperationHandle handle) {
    handle.requireHeld();
    handle.refresh();
    long active = new TopologyStore(context.control()).activeVersion();
    if (active < context.plan().target().version()) {
      throw new ReshardingException(
          ErrorCode.CLEANUP_FAILED,
          "version " + active + " of the topology is active, which still routes to the old shards");
    }
    Removal removal = new Removal(context);
    // First nobody may write to the targets any more and nobody may capture: a delete made below
    // must not be taken for one of the application's.
    removal.revokeEpochs();
    removal.endJob(handle.current());
    removal.dropCaptures();
    removal.removeMovedRows();
    removal.forgetCopies();
    removal.deleteCheckpoints();
  }

  private static void pause(OperationHandle handle, RuntimeException failure) {
    LOG.warn("the clean-up pauses: {}", failure.getMessage());
    handle.pause(OperationError.of(Failures.coded(failure)));
  }

  private static ReshardingException failed(OperationHandle handle, ReshardingException cause) {
    ReshardingException failure =
        cause.errorCode() == ErrorCode.CLEANUP_FAILED
            ? cause
            : new ReshardingException(ErrorCode.CLEANUP_FAILED, cause.getMessage(), cause);
    try {
      if (handle.current().phase() == Phase.COMPLETED) {
        handle.pause(OperationError.of(failure));
      } else {
        handle.completeWithError(OperationError.of(failure));
      }
    } catch (ReshardingException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }

  private static ReshardingException notSwitched(Operation operation) {
    return new ReshardingException(
        ErrorCode.INVALID_PHASE_TRANSITION,
        "operation "
            + operation.id()
            + " is "
            + operation.phase()
            + "; only one that waits in CLEANING_UP after its switch can be completed");
  }
}
