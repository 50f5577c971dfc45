package io.reshard.orchestrator.phase;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.shard.PendingShards;
import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Milestone;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives one operation from the phase where it stands through the switch. What passes by itself
 * makes it pause and try again; what a person must mend makes it FAILED. Nothing is kept in memory:
 * after a crash another driver goes on.
 */
public final class OperationDriver {
  private static final Logger LOG = LoggerFactory.getLogger(OperationDriver.class);
  // A lag that is short for a moment says nothing.
  private static final Duration CALM = Duration.ofSeconds(2);
  private static final int SAMPLES = 10;

  /** A migration job that restarts while it verifies leaves keys undecided: then once more. */
  private static final int VERIFICATION_RUNS = 5;

  private final OperationContext context;
  private final CutoverProcedure cutover;
  private final OperationStore store;
  private final TopologyStore topologies;
  private Optional<CutoverReport> cutoverReport = Optional.empty();

  public OperationDriver(OperationContext context, CutoverProcedure cutover) {
    this.context = context;
    this.cutover = cutover;
    this.store = new PostgresOperationStore(context.control());
    this.topologies = new TopologyStore(context.control());
  }

  /**
   * Goes on until the switch is done, or until the phase {@code until} is completed. Returns the
   * operation as it stands then; ends a rollback that was interrupted. Throws what made it FAILED,
   * or what it still pauses for after about an hour; the store has the same.
   */
  public Operation drive(Optional<Phase> until) {
    return OperationLog.within(context.operationId(), () -> driveAlone(until));
  }

  private Operation driveAlone(Optional<Phase> until) {
    String id = context.operationId();
    try (DriverLock lock = DriverLock.acquire(context.control().endpoint(), id, false)) {
      OperationHandle handle = new OperationHandle(store, lock);
      if (rollingBack()) {
        new Rollback(context, cutover).run(handle);
        return handle.current();
      }
      handle.hold(until);
      return ExecutionTrace.of(
          context.tracer(), context.plan(), trace -> drive(handle, until, trace));
    }
  }

  /** What the cutover reported, if this driver came that far. */
  public Optional<CutoverReport> cutoverReport() {
    return cutoverReport;
  }

  private Operation drive(OperationHandle handle, Optional<Phase> until, ExecutionTrace trace) {
    Phase phase = handle.current().resumePhase();
    while (phase.compareTo(Phase.CUTTING_OVER) <= 0) {
      Phase now = phase;
      trace.phase(now, () -> guarded(handle, now));
      PhaseNews.tell(context, now);
      if (until.isPresent() && now.compareTo(until.get()) >= 0) {
        return handle.current();
      }
      phase = phase.next();
    }
    if (handle.current().phase() == Phase.CUTTING_OVER) {
      Retries.run(
          () -> attempt(handle, () -> handle.enter(Phase.CLEANING_UP)), e -> pause(handle, e));
      context
          .cluster()
          .map(flink -> new JobKeeper(context.reversed(), flink, handle))
          .ifPresent(
              keeper -> afterwards(handle, "the way back is not kept", keeper::ensureRunning));
      Milestone.REVERSE_JOB_RUNNING.pass();
      afterwards(
          handle,
          "a foreign key is not valid yet, though it is enforced",
          () -> cutover.validateForeignKeys(context));
      Milestone.FOREIGN_KEYS_VALID.pass();
    }
    return handle.current();
  }

  /** The switch is done whatever comes of this: an error is noted, and the next resume mends it. */
  private static void afterwards(OperationHandle handle, String otherwise, Runnable work) {
    try {
      Retries.run(() -> attempt(handle, work), e -> pause(handle, e));
    } catch (RuntimeException e) {
      LOG.warn("{}: {}", otherwise, e.getMessage(), e);
      pause(handle, e);
    }
  }

  private void guarded(OperationHandle handle, Phase phase) {
    try {
      Retries.run(() -> attempt(handle, () -> carryOut(handle, phase)), e -> pause(handle, e));
    } catch (RuntimeException e) {
      throw ended(handle, phase, Failures.coded(e));
    }
  }

  private static void attempt(OperationHandle handle, Runnable work) {
    handle.requireHeld();
    // The reply to our own last change may have been lost.
    handle.refresh();
    work.run();
  }

  private void carryOut(OperationHandle handle, Phase phase) {
    Operation operation = handle.current();
    if (operation.phase() == phase && operation.phaseCompleted()) {
      return;
    }
    if (rollingBack()) {
      throw new ReshardingException(
          ErrorCode.INVALID_PHASE_TRANSITION,
          "operation %1$s is being rolled back; 'reshard rollback %1$s' ends that"
              .formatted(operation.id()));
    }
    if (operation.phase() != phase) {
      if (operation.phase() == Phase.FAILED && !switched()) {
        recordPending(ShardStatus.PENDING, null);
      }
      handle.enter(phase);
    }
    switch (phase) {
      case PLANNING -> prepare();
      case COPYING -> copy(keeper(handle));
      case REPLICATING -> replicate(keeper(handle));
      case VERIFYING -> verifyUnlessStopped(handle);
      case CUTTING_OVER -> cutOver(handle);
      default -> throw new IllegalStateException(phase.name());
    }
    handle.completePhase();
  }

  private JobKeeper keeper(OperationHandle handle) {
    return new JobKeeper(context, cluster(), handle);
  }

  private FlinkCluster cluster() {
    return context
        .cluster()
        .orElseThrow(
            () ->
                new ReshardingException(
                    ErrorCode.INVALID_CONFIGURATION, "this phase needs a Flink cluster"));
  }

  private void prepare() {
    topologies.store(context.plan().target());
    recordPending(ShardStatus.PENDING, null);
    new PendingShards(context.plan(), context.secrets()).create();
  }

  private void copy(JobKeeper keeper) {
    keeper.ensureRunning();
    new ReplicationWait(context, keeper).awaitTables();
  }

  private void replicate(JobKeeper keeper) {
    keeper.ensureRunning();
    new ReplicationWait(context, keeper).awaitShortLag(CALM);
  }

  /** Who wants a verification to stop does not want the next driver to go on with it at once. */
  private void verifyUnlessStopped(OperationHandle handle) {
    try {
      verify(keeper(handle), false);
    } catch (ReshardingException e) {
      if (e.errorCode() == ErrorCode.VERIFICATION_STOPPED) {
        handle.hold(Optional.of(Phase.REPLICATING));
      }
      throw e;
    }
  }

  /**
   * Verifies until nothing is undecided.
   *
   * @param anew whether nothing is to be kept of an earlier run
   */
  private void verify(JobKeeper keeper, boolean anew) {
    VerificationReport report = verifyOnce(keeper, anew);
    for (int run = 2; undecided(report) && run <= VERIFICATION_RUNS; run++) {
      LOG.info(
          "verification could not decide: {}; run {} follows",
          VerificationFindings.of(report),
          run);
      report = verifyOnce(keeper, false);
    }
    if (!report.consistent()) {
      throw new ReshardingException(
          ErrorCode.VERIFICATION_FAILED,
          VerificationFindings.of(report)
              + "; 'reshard verify "
              + context.operationId()
              + "' shows them again, 'reshard rollback "
              + context.operationId()
              + "' removes the copy");
    }
  }

  private VerificationReport verifyOnce(JobKeeper keeper, boolean anew) {
    keeper.ensureRunning();
    new ReplicationWait(context, keeper).awaitShortLag(Duration.ZERO);
    Verification verification = new Verification(context, cluster());
    VerificationMode mode = verification.neededMode();
    Runnable check = () -> keeper.check(ErrorCode.REPLICATION_FAILED);
    VerificationReport report =
        anew ? verification.run(mode, SAMPLES, check) : verification.resume(mode, SAMPLES, check);
    if (verification.wasStopped(report)) {
      throw new ReshardingException(
          ErrorCode.VERIFICATION_STOPPED,
          "the verification was asked to stop; 'reshard resume "
              + context.operationId()
              + "' goes on with it");
    }
    LOG.info(
        "verified {}: {}",
        report.run(),
        report.consistent() ? "all equal" : VerificationFindings.of(report));
    if (!report.strays().isEmpty()) {
      LOG.warn("verified {}: {}", report.run(), VerificationFindings.of(report, report.strays()));
    }
    return report;
  }

  /** Nothing differs for certain: the migration job stood still, or a reading failed. */
  private static boolean undecided(VerificationReport report) {
    return !report.consistent() && report.mismatches() == 0;
  }

  private void cutOver(OperationHandle handle) {
    if (!switched() && context.cluster().isPresent()) {
      // An interrupted attempt may have taken the job's right to write, and the job may just have
      // been started again.
      cutover.undo(context);
      JobKeeper keeper = keeper(handle);
      keeper.ensureRunning();
      new ReplicationWait(context, keeper).awaitShortLag(Duration.ZERO);
    }
    cutoverReport = Optional.of(switchVerified(handle));
  }

  /** A verification that no longer holds, as the job has restarted since, is made again. */
  private CutoverReport switchVerified(OperationHandle handle) {
    for (int attempt = 1; ; attempt++) {
      try {
        return new Switch(context, cutover).run(handle);
      } catch (ReshardingException e) {
        boolean stale = e.errorCode() == ErrorCode.VERIFICATION_STALE;
        if (!stale || context.cluster().isEmpty() || attempt == VERIFICATION_RUNS) {
          throw e;
        }
        LOG.info("verifying again before the switch: {}", e.getMessage());
        verify(keeper(handle), true);
      }
    }
  }

  /** Whether a rollback has begun to remove what the operation made: then it can only end. */
  private boolean rollingBack() {
    return cutover.status(context).filter(CutoverStatus.CLOSED::equals).isPresent();
  }

  /** Whether the new topology is active: from then on there is only one direction. */
  private boolean switched() {
    return topologies.activeVersion() >= context.plan().target().version();
  }

  private void recordPending(ShardStatus status, String reason) {
    topologies.record(context.plan().newShards(), status, reason);
  }

  private static void pause(OperationHandle handle, RuntimeException failure) {
    try {
      handle.pause(OperationError.of(Failures.coded(failure)));
    } catch (ReshardingException e) {
      // Without the control database there is nowhere to note it: the log has to do.
      LOG.warn("cannot note the pause: {}", e.getMessage(), failure);
    }
  }

  /** Decides what an error leaves behind, and returns what is to be thrown. */
  private ReshardingException ended(
      OperationHandle handle, Phase phase, ReshardingException failure) {
    boolean ours =
        !Thread.currentThread().isInterrupted()
            && failure.errorCode() != ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED
            && failure.errorCode() != ErrorCode.INVALID_PHASE_TRANSITION
            && failure.errorCode() != ErrorCode.VERIFICATION_STOPPED;
    if (!ours || Failures.retryable(failure)) {
      return failure;
    }
    LOG.info("{} ended with an error", phase, failure);
    try {
      if (phase == Phase.CUTTING_OVER && switched()) {
        handle.pause(OperationError.of(failure));
        return failure;
      }
      handle.fail(OperationError.of(failure));
      recordPending(ShardStatus.FAILED, failure.getMessage());
    } catch (ReshardingException e) {
      failure.addSuppressed(e);
      return failure;
    }
    if (context.options().rollbackOnFailure()) {
      rollBack(handle, failure);
    }
    return failure;
  }

  private void rollBack(OperationHandle handle, ReshardingException failure) {
    try {
      new Rollback(context, cutover).run(handle);
    } catch (ReshardingException e) {
      failure.addSuppressed(e);
      LOG.error("the rollback failed too: {}", e.getMessage(), e);
    }
  }
}
