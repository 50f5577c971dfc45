package io.reshard.orchestrator.phase;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.CollectedFailures;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.SqlStates;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Milestone;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes back an operation, until the clean-up begins to delete. After the switch the topology is
 * switched back first, without losing a write. May be repeated after a crash.
 */
public final class Rollback {
  private static final Logger LOG = LoggerFactory.getLogger(Rollback.class);

  /** A driver that was overtaken opens one attempt, or another one after a verification. */
  private static final int SETTLEMENTS = 5;

  private final OperationContext context;
  private final CutoverProcedure cutover;
  private final OperationStore store;
  private final TopologyStore topologies;

  public Rollback(OperationContext context, CutoverProcedure cutover) {
    this.context = context;
    this.cutover = cutover;
    this.store = new PostgresOperationStore(context.control());
    this.topologies = new TopologyStore(context.control());
  }

  /**
   * Stops whoever drives the operation and takes it back. Errors: {@code rollback_not_available},
   * and {@code rollback_failed}, after which it can be tried again.
   */
  public RollbackReport run() {
    return OperationLog.within(context.operationId(), this::runAlone);
  }

  private RollbackReport runAlone() {
    requireAvailable(store.get(context.operationId()));
    try (DriverLock lock =
        DriverLock.acquire(context.control().endpoint(), context.operationId(), true)) {
      OperationHandle handle = new OperationHandle(store, lock);
      AtomicReference<RollbackReport> report = new AtomicReference<>();
      ExecutionTrace.of(
          context.tracer(),
          context.plan(),
          trace -> {
            report.set(run(handle));
            return handle.current();
          });
      return report.get();
    }
  }

  /** Whether the operation has switched, so that going back needs a job, and a cluster for it. */
  public boolean afterSwitch() {
    return cutover.switched(context);
  }

  RollbackReport run(OperationHandle handle) {
    requireAvailable(handle.current());
    Removal removal = new Removal(context);
    Removal wayBack = new Removal(context.reversed());
    CollectedFailures failures = new CollectedFailures();
    try {
      long version = restoreTopology(handle);
      Milestone.CUTOVER_TAKEN_BACK.pass();
      removal.endJob(handle.current());
      Milestone.JOB_ENDED.pass();
      // A shard that is down must not keep slots on the others, which would fill their disks. Such
      // a job gets no changes any more, but may still write what it has in flight where its epoch
      // was not revoked: so no copy is deleted before every target has revoked it.
      failures.collect(removal::revokeEpochs);
      Milestone.EPOCHS_REVOKED.pass();
      failures.collect(removal::dropCaptures);
      Milestone.CAPTURES_DROPPED.pass();
      failures.collect(wayBack::dropCaptures);
      Milestone.REVERSE_CAPTURES_DROPPED.pass();
      failures.throwAny();
      removal.removeCopies(version);
      Milestone.COPIES_REMOVED.pass();
      removal.deleteCheckpoints();
      wayBack.deleteCheckpoints();
      Milestone.CHECKPOINTS_REMOVED.pass();
    } catch (RuntimeException e) {
      throw failed(handle, Failures.coded(e));
    }
    // A later operation may give new shards the same names.
    handle.requireHeld();
    topologies.forget(context.plan().newShards());
    Milestone.PENDING_SHARDS_FORGOTTEN.pass();
    handle.enter(Phase.ROLLED_BACK);
    List<String> removed = new ArrayList<>(removal.removed());
    removed.addAll(wayBack.removed());
    return new RollbackReport(true, topologies.activeVersion(), removed);
  }

  /**
   * Sees to it that the old topology is in force and stays so. Returns its version, under which
   * alone anything may be removed.
   *
   * <p>A driver whose lock was taken finds out at its next step, and a cutover is one step: (1) it
   * waits for the gate, with no attempt open; (2) we find none to undo, and the old topology in
   * force; (3) it opens one and switches; (4) we drop databases that serve by now. So the attempts
   * are closed first, which fails while one is open and after one has switched.
   */
  private long restoreTopology(OperationHandle handle) {
    for (int settlement = 1; ; settlement++) {
      if (afterSwitch()) {
        new SwitchBack(context, cutover).run(handle);
        return context.plan().reversed().target().version();
      }
      try {
        undoCutover();
        requireOwnTopology();
        handle.requireHeld();
        cutover.close(context);
        return context.plan().source().version();
      } catch (ReshardingException e) {
        boolean overtaken =
            e.errorCode() == ErrorCode.INVALID_PHASE_TRANSITION || cutover.switched(context);
        if (!overtaken || settlement == SETTLEMENTS) {
          throw e;
        }
        LOG.info("whoever drove the operation has gone on meanwhile: {}", e.getMessage());
      }
    }
  }

  /** A new database that is gone has nothing that could be restored. */
  private void undoCutover() {
    try {
      cutover.undo(context);
    } catch (ReshardingException e) {
      if (!Failures.hasState(e, SqlStates.INVALID_CATALOG_NAME)) {
        throw e;
      }
    }
  }

  /** What a later operation has copied to the same shards would be taken for this one's copies. */
  private void requireOwnTopology() {
    long own = context.plan().source().version();
    long active = topologies.activeVersion();
    if (active != own) {
      throw unavailable(
          "it was planned against version "
              + own
              + " of the topology, but another operation has led to version "
              + active);
    }
  }

  private void requireAvailable(Operation operation) {
    if (operation.phase() == Phase.COMPLETED || operation.phase() == Phase.ROLLED_BACK) {
      throw unavailable("it is " + operation.phase());
    }
    if (cutover.status(context.reversed()).filter(CutoverStatus.CLOSED::equals).isPresent()) {
      throw unavailable("the clean-up has begun to delete the moved rows from their old shards");
    }
  }

  private ReshardingException unavailable(String why) {
    return new ReshardingException(
        ErrorCode.ROLLBACK_NOT_AVAILABLE,
        "operation " + context.operationId() + " cannot be rolled back: " + why);
  }

  private ReshardingException failed(OperationHandle handle, ReshardingException cause) {
    if (cause.errorCode() == ErrorCode.ROLLBACK_NOT_AVAILABLE
        || cause.errorCode() == ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED) {
      return cause;
    }
    ReshardingException failure =
        new ReshardingException(
            ErrorCode.ROLLBACK_FAILED,
            cause.getMessage() + "; mend it and run 'reshard rollback' again",
            cause);
    try {
      // After the switch there is nothing to begin again: the new topology is in force.
      if (handle.current().phase().mayBecome(Phase.FAILED) && !afterSwitch()) {
        handle.fail(OperationError.of(failure));
      } else {
        handle.pause(OperationError.of(failure));
      }
    } catch (ReshardingException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }
}
