package io.reshard.orchestrator.phase;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.CollectedFailures;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Milestone;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
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
  private final CutoverProcedure cutover;
  private final OperationStore store;

  public CleanUp(OperationContext context, CutoverProcedure cutover) {
    this.context = context;
    this.cutover = cutover;
    this.store = new PostgresOperationStore(context.control());
  }

  /**
   * Cleans up now, whoever waits for the end of the retention. {@code way_back_behind} if the old
   * shards are not up to date, after which nothing has been given up; {@code
   * invalid_phase_transition} if the topology has not been switched or is being switched back;
   * {@code cleanup_failed} if the operation is COMPLETED, but something was left behind.
   */
  public Operation run() {
    return OperationLog.within(context.operationId(), () -> runAlone(false));
  }

  /** The same, however far behind the old shards are: nobody wants to go back any more. */
  public Operation force() {
    return OperationLog.within(context.operationId(), () -> runAlone(true));
  }

  private Operation runAlone(boolean force) {
    String id = context.operationId();
    requireSwitched(store.get(id));
    try (DriverLock lock = DriverLock.acquire(context.control().endpoint(), id, true)) {
      Operation operation = store.get(id);
      boolean again = requireSwitched(operation);
      OperationHandle handle = new OperationHandle(store, lock);
      if (!force && !again && wayBackStands()) {
        requireCurrentFallback(handle);
      }
      // From here on nobody can go back, so that rows may be deleted.
      cutover.close(context.reversed());
      Milestone.WAY_BACK_CLOSED.pass();
      try {
        ExecutionTrace.of(context.tracer(), context.plan(), trace -> carryOut(handle, trace));
      } catch (RuntimeException e) {
        throw failed(handle, Failures.coded(e));
      }
      if (again) {
        handle.pause(null);
      } else {
        handle.completePhase();
        PhaseNews.tell(context, Phase.CLEANING_UP);
        handle.enter(Phase.COMPLETED);
      }
      return handle.current();
    }
  }

  /** Neither closed by a clean-up that was interrupted, nor being gone by a rollback. */
  private boolean wayBackStands() {
    return cutover.status(context.reversed()).stream().allMatch(CutoverStatus.ABORTED::equals);
  }

  private void requireCurrentFallback(OperationHandle handle) {
    CurrentFallback fallback = new CurrentFallback(context.reversed(), handle);
    try {
      Retries.run(fallback::require, e -> pause(handle, e));
    } catch (ReshardingException e) {
      if (e.errorCode() != ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED) {
        handle.pause(OperationError.of(e));
      }
      throw e;
    }
  }

  private Operation carryOut(OperationHandle handle, ExecutionTrace trace) {
    trace.phase(Phase.CLEANING_UP, () -> Retries.run(() -> cleanUp(handle), e -> pause(handle, e)));
    return handle.current();
  }

  /** Returns whether a clean-up that has left something behind is to be tried again. */
  private static boolean requireSwitched(Operation operation) {
    boolean again = operation.phase() == Phase.COMPLETED && operation.error() != null;
    if (operation.phase() != Phase.CLEANING_UP && !again) {
      throw notSwitched(operation);
    }
    return again;
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
    // First nobody may write on either side any more and nobody may capture: a delete made below
    // must not be taken for one of the application's. A shard that is down keeps the rows where
    // they are, but no slots on the others.
    Removal wayBack = new Removal(context.reversed());
    Removal removal = new Removal(context);
    CollectedFailures failures = new CollectedFailures();
    failures.collect(wayBack::revokeEpochs);
    failures.collect(() -> wayBack.endJob(handle.current()));
    failures.collect(wayBack::dropCaptures);
    Milestone.WAY_BACK_REMOVED.pass();
    failures.collect(removal::revokeEpochs);
    failures.collect(removal::dropCaptures);
    failures.throwAny();
    wayBack.deleteCheckpoints();
    removal.forgetCopies();
    removal.deleteCheckpoints();
    if (active == context.plan().target().version()) {
      cutover.validateForeignKeys(context);
    }
    // Last, since a later operation can forbid it for good, but nothing of the above.
    removal.removeMovedRows();
    Milestone.MOVED_ROWS_REMOVED.pass();
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

  static ReshardingException notSwitched(Operation operation) {
    return new ReshardingException(
        ErrorCode.INVALID_PHASE_TRANSITION,
        "operation "
            + operation.id()
            + " is "
            + operation.phase()
            + "; only one that waits in CLEANING_UP after its switch can be completed");
  }
}
