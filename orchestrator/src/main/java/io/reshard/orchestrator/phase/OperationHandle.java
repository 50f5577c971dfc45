package io.reshard.orchestrator.phase;

import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Milestone;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operation that this process drives. Every change goes to the store first, and only while this
 * process holds the right to drive. Used by one thread.
 */
final class OperationHandle {
  private static final Logger LOG = LoggerFactory.getLogger(OperationHandle.class);

  private final OperationStore store;
  private final DriverLock lock;
  private Operation current;

  /** The operation that {@code lock} is held for, as the store has it. */
  OperationHandle(OperationStore store, DriverLock lock) {
    this.store = store;
    this.lock = lock;
    refresh();
  }

  Operation current() {
    return current;
  }

  /** {@code concurrent_resharding_not_allowed} if another process has taken over. */
  void requireHeld() {
    lock.requireHeld();
  }

  void enter(Phase phase) {
    requireHeld();
    Milestone.before(phase).pass();
    current = store.enter(current, phase);
    Milestone.in(phase).pass();
    LOG.info("operation {} is {}", current.id(), phase);
  }

  void completePhase() {
    requireHeld();
    Milestone.done(current.phase()).pass();
    current = store.complete(current);
    Milestone.after(current.phase()).pass();
    LOG.info("operation {} has completed {}", current.id(), current.phase());
  }

  void completeWithError(OperationError error) {
    requireHeld();
    Milestone.before(Phase.COMPLETED).pass();
    current = store.completeWithError(current, error);
    Milestone.in(Phase.COMPLETED).pass();
    LOG.info("operation {} is COMPLETED, but: {}", current.id(), error.message());
  }

  void fail(OperationError error) {
    requireHeld();
    Milestone.before(Phase.FAILED).pass();
    current = store.fail(current, error);
    Milestone.in(Phase.FAILED).pass();
    LOG.info("operation {} is FAILED: {}: {}", current.id(), error.code(), error.message());
  }

  /** Notes why the operation pauses, or with null that it goes on. What made it FAILED stays. */
  void pause(OperationError reason) {
    if (current.phase() == Phase.FAILED || Objects.equals(current.error(), reason)) {
      return;
    }
    current = store.pause(current, reason);
    if (reason != null) {
      LOG.info("operation {} pauses: {}: {}", current.id(), reason.code(), reason.message());
    }
  }

  /** Lets nobody but a person drive it beyond {@code phase}; empty for the whole way. */
  void hold(Optional<Phase> phase) {
    requireHeld();
    current = store.recordHold(current, phase);
  }

  void recordJob(String jobId, String checkpointPath) {
    requireHeld();
    current = store.recordJob(current, jobId, checkpointPath);
  }

  /**
   * Reads again what the store has; {@code concurrent_resharding_not_allowed} if another process
   * has taken over. Without that, whoever slept through a rollback that failed would take its
   * result for the newest state, and go on from there.
   */
  void refresh() {
    current = store.get(lock.operationId(), lock.token());
  }
}
