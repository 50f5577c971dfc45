package io.reshard.orchestrator.cutover;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.CurrentVerification;
import io.reshard.core.control.JobPosition;
import io.reshard.core.control.JobProgress;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.control.VerificationRun;
import io.reshard.core.control.VerificationStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.TableRouting;
import io.reshard.orchestrator.phase.VerificationFindings;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What must hold before the fence is raised. A refusal is {@code cutover_aborted}. */
final class Gate {
  private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
  private static final Duration SHORT_LAG = Duration.ofMillis(100);
  private static final Duration CALM_LAG = Duration.ofMillis(400);
  private static final Duration CALM_WAIT = Duration.ofSeconds(10);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final Plan plan;
  private final ControlDatabase control;
  private final JobProgress progress;
  private final CutoverSettings settings;

  Gate(Plan plan, ControlDatabase control, CutoverSettings settings) {
    this.plan = plan;
    this.control = control;
    this.progress = new JobProgress(control, plan.planId());
    this.settings = settings;
  }

  /**
   * Reads every source's tables as a whole, so it has time of its own: that of a cutover is no
   * measure for it.
   */
  void checkStrays(ShardSessions sessions, Deadline deadline) {
    sessions.each(plan.sources(), "strays", deadline, this::checkStrays);
  }

  /** Everything but strays and the operator's hook. */
  void check(ShardSessions sessions, Deadline deadline) {
    checkTopology();
    checkTables();
    checkLag();
    sessions.each(plan.sources(), "gate", deadline, this::checkSource);
  }

  /**
   * How far the job had come when the verification began that holds now; {@code verification_stale}
   * if none does. The way back copies nothing, so there is nothing to compare but its writes.
   */
  JobPosition verifiedSince() {
    if (plan.isReverse()) {
      return progress.position();
    }
    VerificationRun run = requireVerification();
    refuseStraysOnTargets(run);
    LOG.info(
        "verified at frontier {} by run {}, continuous since",
        run.since().frontier().getAsLong(),
        run.run());
    return run.since();
  }

  private VerificationRun requireVerification() {
    return new CurrentVerification(control, plan, settings.verification()).require();
  }

  /**
   * Strays on sources are looked for by the gate itself. On a target that is none, (1) a row comes
   * to the wrong one; (2) the verification compares rows that belong there with rows that belong
   * there, and passes; (3) the switch makes the target active: whoever asks all shards sees the row
   * twice.
   */
  private void refuseStraysOnTargets(VerificationRun run) {
    VerificationReport report = new VerificationStore(control).report(plan, run.run(), 1);
    List<VerificationReport.StrayTotal> strays =
        report.strays().stream().filter(one -> !plan.sources().contains(one.shard())).toList();
    if (!strays.isEmpty()) {
      throw refuse(
          "%s, as run %s of the verification has found. 'reshard repair %s' removes those that came from a source, and verifies; delete others, and verify again"
              .formatted(VerificationFindings.of(report, strays), run.run(), plan.forwardId()));
    }
  }

  private void checkTopology() {
    long active = new TopologyStore(control).activeVersion();
    if (active != plan.source().version()) {
      throw new ReshardingException(
          ErrorCode.TOPOLOGY_CONFLICT,
          "the plan was made for version %d of the topology, but version %d is active; plan again"
              .formatted(plan.source().version(), active));
    }
  }

  private void checkTables() {
    Set<String> missing = new HashSet<>();
    plan.tables().forEach(table -> missing.add(table.displayName()));
    missing.removeAll(progress.completedTables());
    if (!missing.isEmpty()) {
      throw refuse("the copy of " + missing + " is not complete");
    }
  }

  /**
   * The drain takes as long as the lag, and writers wait for it: so a short lag is waited for, for
   * some seconds, and what counts as short grows meanwhile. One that stays longer, but under the
   * operator's threshold, is let through.
   */
  void awaitShortLag() {
    long begun = System.nanoTime();
    long waited = 0;
    while (waited < CALM_WAIT.toNanos() && lagMillis() > shortLagMillis(waited)) {
      LockSupport.parkNanos(POLL_NANOS);
      waited = System.nanoTime() - begun;
    }
    checkLag();
  }

  private static long shortLagMillis(long waited) {
    long range = CALM_LAG.minus(SHORT_LAG).toMillis();
    return SHORT_LAG.toMillis() + range * waited / CALM_WAIT.toNanos();
  }

  private long lagMillis() {
    OptionalLong frontier = progress.frontier();
    return frontier.isEmpty() ? Long.MAX_VALUE : System.currentTimeMillis() - frontier.getAsLong();
  }

  void checkLag() {
    long lag = lagMillis();
    if (lag == Long.MAX_VALUE) {
      if (!plan.isReverse()) {
        // A job that was started again since the gate looked has yet to report one.
        requireVerification();
      }
      throw refuse("the migration job has not reported a replication frontier; is it running?");
    }
    if (lag > settings.lagThreshold().toMillis()) {
      throw refuse(
          "replication is %d ms behind, more than cdcLagThreshold (%d ms)"
              .formatted(lag, settings.lagThreshold().toMillis()));
    }
  }

  /** Checks of one source, in its own session. */
  private boolean checkSource(String source, Connection connection) throws SQLException {
    refuseIf(
        connection,
        "SELECT gid FROM pg_prepared_xacts WHERE database = current_database() LIMIT 1",
        source
            + " has the prepared transaction '%s', which no fence can stop; commit it or roll it"
            + " back");
    refuseIf(
        connection,
        "SELECT subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid"
            + " WHERE d.datname = current_database() AND s.subenabled LIMIT 1",
        source + " has the native subscription '%s', whose writes pass any fence; disable it");
    return true;
  }

  private boolean checkStrays(String source, Connection connection) throws SQLException {
    for (PlannedTable table : plan.tables()) {
      if (table.isReference()) {
        continue;
      }
      TableRouting oldRouting = plan.oldRouting(table, "t");
      TableRouting newRouting = plan.newRouting(table, "t");
      refuseIf(
          connection,
          "SELECT t.%s::text FROM %s AS t WHERE %s AND %s LIMIT 1"
              .formatted(
                  Sql.identifier(table.shardKey()),
                  table.quotedName(),
                  oldRouting.strayOn(source),
                  newRouting.strayOn(source)),
          source
              + " holds a row of "
              + table.displayName()
              + " that it does not own (shard key %s): it would be left behind. Move it to its"
              + " shard or delete it");
    }
    return true;
  }

  private static void refuseIf(Connection connection, String query, String message)
      throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      if (row.next()) {
        throw refuse(message.formatted(row.getString(1)));
      }
    }
  }

  static ReshardingException refuse(String reason) {
    return refuse(reason, null);
  }

  static ReshardingException refuse(String reason, Throwable cause) {
    return new ReshardingException(
        ErrorCode.CUTOVER_ABORTED, "the gate refuses the cutover: " + reason, cause);
  }
}
