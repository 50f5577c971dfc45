package io.reshard.orchestrator.phase;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PhaseRecord;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time between the switch and the clean-up, in which the way back is kept: a reverse job keeps
 * the old shards up to date.
 */
public final class Retention {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
  private static final Duration POLL = Duration.ofSeconds(2);

  private final OperationContext context;
  private final CutoverProcedure cutover;
  private final OperationStore store;

  public Retention(OperationContext context, CutoverProcedure cutover) {
    this.context = context;
    this.cutover = cutover;
    this.store = new PostgresOperationStore(context.control());
  }

  /** When it is over for an operation in CLEANING_UP. */
  public Instant end() {
    Instant switched =
        store.history(context.operationId()).stream()
            .filter(one -> one.phase() == Phase.CLEANING_UP)
            .map(PhaseRecord::startedAt)
            .reduce((first, second) -> second)
            .orElseThrow(() -> CleanUp.notSwitched(store.get(context.operationId())));
    return switched.plus(context.options().cleanupRetention());
  }

  /**
   * Ends a rollback that was interrupted, then keeps the way back until the end. Returns the
   * operation as it stands then: another process may have completed it or taken it back.
   */
  public Operation keep() {
    return OperationLog.within(context.operationId(), this::keepAlone);
  }

  private Operation keepAlone() {
    String id = context.operationId();
    Instant end = end();
    try (DriverLock lock = DriverLock.acquire(context.control().endpoint(), id, false)) {
      OperationHandle handle = new OperationHandle(store, lock);
      if (rolledBack(handle)) {
        return handle.current();
      }
      Optional<JobKeeper> keeper =
          context.cluster().map(flink -> new JobKeeper(context.reversed(), flink, handle));
      while (Instant.now().isBefore(end) && handle.current().phase() == Phase.CLEANING_UP) {
        if (keeper.isPresent() && !keepRunning(keeper.get(), handle)) {
          keeper = Optional.empty();
        }
        Duration left = Duration.between(Instant.now(), end);
        Waiting.sleep(left.compareTo(POLL) < 0 ? left : POLL);
        handle.requireHeld();
        handle.refresh();
      }
      return handle.current();
    }
  }

  /** An attempt that has not switched back is undone: the new topology takes writes again. */
  private boolean rolledBack(OperationHandle handle) {
    OperationContext back = context.reversed();
    if (cutover.status(back).filter(CutoverStatus.OPEN::equals).isPresent()) {
      try {
        cutover.undo(back);
      } catch (ReshardingException e) {
        if (e.errorCode() != ErrorCode.ROLLBACK_NOT_AVAILABLE) {
          throw e;
        }
      }
    }
    if (!cutover.switched(back)) {
      return false;
    }
    new Rollback(context, cutover).run(handle);
    return true;
  }

  /** False if the job cannot be kept running: a person has to mend what it says. */
  private static boolean keepRunning(JobKeeper keeper, OperationHandle handle) {
    try {
      keeper.ensureRunning();
      keeper.check(ErrorCode.REPLICATION_FAILED);
      return true;
    } catch (ReshardingException e) {
      if (e.errorCode() == ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED) {
        throw e;
      }
      LOG.warn("the way back is not kept: {}", e.getMessage());
      handle.pause(OperationError.of(e));
      return Failures.retryable(e);
    }
  }
}
