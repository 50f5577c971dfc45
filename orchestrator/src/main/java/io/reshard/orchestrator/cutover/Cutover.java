package io.reshard.orchestrator.cutover;

import dev.failsafe.Failsafe;
import dev.failsafe.RetryPolicy;
import dev.failsafe.event.ExecutionScheduledEvent;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.ControlSession;
import io.reshard.core.control.JobPosition;
import io.reshard.core.control.JobProgress;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.postgres.SqlStates;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.state.Milestone;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The switch, as a runbook. Everything that can be done before the fence is done before it; what
 * fails or takes too long is undone; what has switched is carried forward. One use per instance.
 */
final class Cutover {
  private static final Logger LOG = LoggerFactory.getLogger(Cutover.class);

  /** What reads whole tables, before the fence and beside the writers. */
  private static final Duration SCANS = Duration.ofHours(12);

  private static final Duration FIRST_WAIT = Duration.ofMillis(200);
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);
  private static final Duration SETTLE = Duration.ofMinutes(10);

  /** Whatever the error is: to settle twice does no harm, and a fence that stays does. */
  private static final RetryPolicy<CutoverStatus> FEW_TIMES =
      RetryPolicy.<CutoverStatus>builder()
          .withBackoff(FIRST_WAIT, LONGEST_WAIT)
          .withMaxRetries(2)
          .onRetryScheduled(Cutover::warnOfFence)
          .build();

  private static final Duration RESTORE = Duration.ofSeconds(60);

  /** A control database that does not answer is given up, and soon while writers wait for it. */
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private static final Duration ANSWER_IN_WINDOW = Duration.ofSeconds(5);

  private final Plan plan;
  private final Secrets secrets;
  private final CutoverSettings settings;
  private final ControlDatabase control;
  private final CutoverAttempts attempts;
  private final Gate gate;
  private final CutoverHooks hooks;
  private final TopologyStore topologies;
  private final Optional<WayBack> wayBack;

  Cutover(Plan plan, Secrets secrets, ControlDatabase database, CutoverSettings settings) {
    this.plan = plan;
    this.secrets = secrets;
    this.settings = settings;
    this.control = database.answeringWithin(ANSWER);
    this.attempts = new CutoverAttempts(control, plan);
    this.gate = new Gate(plan, control, settings);
    this.hooks = new CutoverHooks(plan, control, settings);
    this.topologies = new TopologyStore(control);
    this.wayBack =
        settings.wayBack()
            ? Optional.of(new WayBack(plan.reversed(), secrets, control))
            : Optional.empty();
  }

  /**
   * Switches. Errors: {@code cutover_aborted} if the gate refuses or another process aborts, {@code
   * cutover_timeout}, {@code cutover_failed}; after each of them the original topology is in force
   * and its shards take writes.
   */
  CutoverReport run() {
    try (ShardSessions sessions = openSessions();
        ControlSession session = control.openSession()) {
      Passed passed = passGate(sessions);
      Milestone.GATE_PASSED.pass();
      int attempt = attempts.open();
      long begun = System.nanoTime();
      try {
        Milestone.ATTEMPT_OPENED.pass();
        wayBack.ifPresent(way -> way.prepare(attempt, settings.timeout()));
        Milestone.WAY_BACK_PREPARED.pass();
        return window(attempt, passed, sessions, session);
      } catch (RuntimeException e) {
        return undo(attempt, begun, e);
      }
    }
  }

  /** Checks all that can be checked, and changes nothing. */
  CutoverReport rehearse() {
    try (ShardSessions sessions = openSessions()) {
      checkAll(sessions, new Deadline(settings.timeout()));
      gate.verifiedSince();
      gate.checkStrays(sessions, new Deadline(SCANS));
      return new CutoverReport(false, plan.source().version(), 0, 0, CutoverReport.GATE_OPEN);
    } catch (ReshardingException e) {
      return new CutoverReport(false, plan.source().version(), 0, 0, e.getMessage());
    }
  }

  /**
   * Ends a cutover that was interrupted: one that has switched is carried forward, any other is
   * undone. Returns whether the new topology is in force. Idempotent.
   */
  boolean recover() {
    return attempts
        .newest()
        .filter(attempt -> attempt.status() != CutoverStatus.CLOSED)
        .map(attempt -> settle(attempt.number()) == CutoverStatus.SWITCHED)
        .orElse(false);
  }

  /** Validates the foreign keys that could not be before the switch. */
  void validateForeignKeys() {
    try (ShardSessions sessions = new ShardSessions(plan, secrets).open(plan.newShards())) {
      sessions.each(
          plan.newShards(),
          "foreign keys",
          new Deadline(SCANS),
          (target, connection) -> new ForeignKeys(plan, connection).validate());
    }
  }

  /**
   * What the gate has found.
   *
   * @param verified since where in the job's course the targets are known to equal their sources
   * @param left what the operator's hook has left of the cutover's timeout
   */
  private record Passed(JobPosition verified, Duration left) {}

  private Passed passGate(ShardSessions sessions) {
    // First of all: whoever finds the verification stale makes it again and comes back.
    gate.verifiedSince();
    checkAll(sessions, new Deadline(settings.timeout()));
    steps(0, sessions).establishForeignKeys(new Deadline(SCANS));
    gate.checkStrays(sessions, new Deadline(SCANS));
    Deadline deadline = new Deadline(settings.timeout());
    hooks.askGate(deadline);
    Duration left = deadline.left("gate hook");
    checkAll(sessions, new Deadline(settings.timeout()));
    return new Passed(gate.verifiedSince(), left);
  }

  private void checkAll(ShardSessions sessions, Deadline deadline) {
    gate.check(sessions, deadline);
    wayBack.ifPresent(way -> way.check(sessions, deadline));
  }

  /** The read-only window: a line per step. */
  private CutoverReport window(
      int attempt, Passed passed, ShardSessions sessions, ControlSession session) {
    CutoverSteps steps = steps(attempt, sessions);
    JobProgress progress = new JobProgress(session.database(), plan.planId());
    CutoverAttempts switching = new CutoverAttempts(session.database(), plan);
    rehearse(attempt, steps, switching);
    Milestone.SWITCH_REHEARSED.pass();
    gate.awaitShortLag();
    Milestone.LAG_SHORT.pass();
    session.limitWaits(Collections.min(List.of(ANSWER_IN_WINDOW, passed.left())));
    Deadline deadline = new Deadline(passed.left());
    StepTimes times = new StepTimes();
    Collection<Long> fenced = times.of("fence", Milestone.FENCED, () -> steps.raiseFence(deadline));
    long end = times.of("mark", Milestone.END_MARKED, () -> steps.markEnd(fenced, deadline));
    times.of("drain", Milestone.DRAINED, () -> steps.drain(end, progress, deadline));
    times.of(
        "verified",
        Milestone.VERIFICATION_HOLDS,
        () -> steps.requireVerified(passed.verified(), progress));
    times.of("revoke", Milestone.REVOKED, () -> steps.revokeForwardJob(deadline));
    deadline.left("switch");
    times.of("switch", Milestone.SWITCHED, () -> switching.switchTopology(attempt));
    times.of("hook", Milestone.SWAPPED, this::callSwap);
    times.of("release", Milestone.RELEASED, () -> steps.release(new Deadline(RESTORE)));
    long readOnlyMillis = times.totalMillis();
    LOG.info("switched; writes were refused for {}", times);
    switching.recordWindow(attempt, readOnlyMillis);
    Milestone.WINDOW_RECORDED.pass();
    sweep(steps);
    Milestone.FENCES_SWEPT.pass();
    return new CutoverReport(
        true,
        plan.target().version(),
        readOnlyMillis,
        times.millis("drain"),
        CutoverReport.GATE_OPEN);
  }

  /** All that can be done before a writer has to wait. */
  private void rehearse(int attempt, CutoverSteps steps, CutoverAttempts switching) {
    Deadline deadline = new Deadline(settings.timeout());
    steps.prepareFence(deadline);
    steps.rehearseFence(deadline);
    steps.readOtherSequences();
    switching.rehearseSwitch(attempt);
  }

  private CutoverReport undo(int attempt, long begun, RuntimeException cause) {
    try {
      if (settlePatiently(attempt) == CutoverStatus.SWITCHED) {
        LOG.warn("the topology has switched although a step failed; went forward", cause);
        return new CutoverReport(
            true, plan.target().version(), millisSince(begun), 0, CutoverReport.GATE_OPEN);
      }
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
    throw cause;
  }

  /**
   * Until the attempt is settled the fence stands, and writers wait: so a control database or a
   * shard that does not answer is asked again for as long as there is hope.
   */
  private CutoverStatus settlePatiently(int attempt) {
    return Failsafe.with(
            RetryPolicy.<CutoverStatus>builder()
                .handleIf(Cutover::passes)
                .withBackoff(FIRST_WAIT, LONGEST_WAIT)
                .withMaxRetries(-1)
                .withMaxDuration(SETTLE)
                .onRetryScheduled(Cutover::warnOfFence)
                .build())
        .get(() -> settle(attempt));
  }

  private static void warnOfFence(ExecutionScheduledEvent<CutoverStatus> event) {
    LOG.error(
        "writes may be refused until the cutover is settled; trying again: {}",
        event.getLastException().getMessage());
  }

  /** Whether the error is one of a connection, a restart, a lock or the like. */
  private static boolean passes(Throwable failure) {
    if (failure instanceof ReshardingException own
        && own.errorCode() == ErrorCode.CUTOVER_TIMEOUT) {
      return true;
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return SqlStates.retryable(sql);
      }
    }
    return false;
  }

  private CutoverStatus settle(int attempt) {
    return Failsafe.with(FEW_TIMES).get(() -> settleOnce(attempt));
  }

  /**
   * First the attempt is aborted by compare-and-set; only then the fence may fall. Sessions are
   * fresh: the ones of the window may be waiting for a lock still. Another switch may have followed
   * while this process slept: what that one released is none of our business.
   */
  private CutoverStatus settleOnce(int attempt) {
    CutoverStatus status = attempts.abort(attempt);
    Milestone.ATTEMPT_SETTLED.pass();
    boolean switched = status == CutoverStatus.SWITCHED;
    if (switched && !isInForce()) {
      return status;
    }
    try (ShardSessions sessions = openSessions()) {
      CutoverSteps steps = steps(attempt, sessions);
      Deadline deadline = new Deadline(RESTORE);
      steps.takeOver(deadline);
      Milestone.SESSIONS_ENDED.pass();
      // Whoever switches back from here on ends these sessions before it releases.
      if (switched && !isInForce()) {
        return status;
      }
      steps.prepareFence(deadline);
      if (switched) {
        steps.release(deadline);
      } else {
        steps.restore(deadline);
      }
      Milestone.WRITES_ALLOWED.pass();
      sweep(steps);
    }
    if (!switched) {
      wayBack.ifPresent(way -> way.discard(attempt));
    }
    return status;
  }

  private void callSwap() {
    if (isInForce()) {
      hooks.callSwap();
    }
  }

  private boolean isInForce() {
    return topologies.activeVersion() == plan.target().version();
  }

  /** What is left refuses nothing, and the next switch or the clean-up drops it. */
  private static void sweep(CutoverSteps steps) {
    try {
      steps.sweep(new Deadline(RESTORE));
    } catch (ReshardingException e) {
      LOG.warn("disabled triggers are left behind: {}", e.getMessage());
    }
  }

  private CutoverSteps steps(int attempt, ShardSessions sessions) {
    return new CutoverSteps(
        plan,
        attempt,
        sessions,
        new WriteFence(plan, attempt, sessions, settings.openTransactions()));
  }

  private ShardSessions openSessions() {
    List<String> shards =
        Stream.concat(plan.sources().stream(), plan.targets().stream()).distinct().toList();
    return new ShardSessions(plan, secrets).open(shards);
  }

  static ReshardingException alreadySwitched(String operationId) {
    return new ReshardingException(
        ErrorCode.ROLLBACK_NOT_AVAILABLE,
        "the cutover of operation " + operationId + " has switched; it can only go forward");
  }

  private static long millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1_000_000;
  }
}
