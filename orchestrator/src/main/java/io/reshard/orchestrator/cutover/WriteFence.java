package io.reshard.orchestrator.cutover;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.postgres.SqlStates;
import io.reshard.core.shard.Heartbeat;
import io.reshard.core.shard.PartitionTree;
import io.reshard.core.shard.SchemaWatch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The write fence of one cutover attempt: a trigger on every moved table and every leaf partition
 * that refuses all writes but the product's own. Its name carries the attempt, so that a process
 * which sleeps through its own undoing can never drop the fence of a later attempt.
 *
 * <p>CREATE TRIGGER takes a lock that waits for every transaction that has written (PostgreSQL
 * manual, chapter 13.3, SHARE ROW EXCLUSIVE), and trigger and heartbeat are committed together: no
 * write can commit behind the heartbeat.
 */
final class WriteFence {
  private static final Logger LOG = LoggerFactory.getLogger(WriteFence.class);
  private static final String FUNCTION =
      """
      CREATE OR REPLACE FUNCTION reshard.refuse_write() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF current_setting('reshard.session', true) = 'on' THEN
            IF TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN RETURN NEW; END IF;
            IF TG_LEVEL = 'ROW' THEN RETURN OLD; END IF;
            RETURN NULL;
          END IF;
          RAISE EXCEPTION 'writes to %.% are refused here: its keys are being moved, or have moved, to another shard',
            TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = '$CODE',
            HINT = 'Read the active topology again and retry.';
        END $$
      """
          .replace("$CODE", SqlStates.FENCED);

  /**
   * How long an ended transaction may take to be gone. All writers wait behind the fence's locks,
   * and would do so beyond our own end: so the server itself gives up on whoever cannot be ended.
   */
  private static final Duration ENDING = Duration.ofSeconds(1);

  /** Quick attempts give way to a deadlock; the last one lets the application give way. */
  private static final int QUICK_ATTEMPTS = 10;

  private final Plan plan;
  private final String trigger;
  private final ShardSessions sessions;
  private final Duration openTransactions;

  WriteFence(Plan plan, int attempt, ShardSessions sessions, Duration openTransactions) {
    this.plan = plan;
    this.trigger = EarlierBarriers.fenceName(plan, attempt);
    this.sessions = sessions;
    this.openTransactions = openTransactions;
  }

  /** Creates the trigger's function; done before the window. Idempotent. */
  static boolean prepare(String source, Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.execute(FUNCTION);
    }
  }

  /** What {@link #raise} does behind its locks. */
  boolean rehearse(String source, Connection connection) throws SQLException {
    tables(connection);
    new SchemaWatch(plan, source).check(connection);
    Heartbeat.beat(connection, plan.planId());
    return true;
  }

  /** Raises the fence on one source and returns the value that the frontier must pass. */
  long raise(String source, Connection connection) throws SQLException {
    CountDownLatch raised = new CountDownLatch(1);
    Thread ender = new Thread(() -> endOpenTransactions(source, connection, raised), "fence-ender");
    ender.start();
    try {
      for (int attempt = 1; ; attempt++) {
        try {
          return raiseOnce(source, connection, attempt <= QUICK_ATTEMPTS ? "10ms" : "10s");
        } catch (SQLException e) {
          connection.rollback();
          if (SqlStates.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
            throw blocked(source, e);
          }
          if (!SqlStates.DEADLOCK_DETECTED.equals(e.getSQLState()) || attempt > QUICK_ATTEMPTS) {
            throw e;
          }
        } catch (ReshardingException e) {
          connection.rollback();
          throw e;
        }
      }
    } finally {
      raised.countDown();
    }
  }

  private static ReshardingException blocked(String source, SQLException cause) {
    return new ReshardingException(
        ErrorCode.CUTOVER_FAILED,
        source
            + ": the fence was given up, as somebody holds a moved table locked and could not be ended"
            + " by our role (a superuser's transaction, a prepared one, VACUUM): find it in pg_locks,"
            + " end it, and try again",
        cause);
  }

  private long raiseOnce(String source, Connection connection, String deadlockTimeout)
      throws SQLException {
    connection.setAutoCommit(false);
    // An autovacuum that is in the way is cancelled by the deadlock check of the one who waits.
    StringBuilder sql =
        new StringBuilder(
            "SET LOCAL deadlock_timeout = '%s'; SET LOCAL lock_timeout = '%dms'"
                .formatted(deadlockTimeout, openTransactions.plus(ENDING).toMillis()));
    for (String table : tables(connection)) {
      sql.append(
          """
          ; CREATE TRIGGER %1$s BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %2$s
            EXECUTE FUNCTION reshard.refuse_write();
          ALTER TABLE %2$s ENABLE ALWAYS TRIGGER %1$s"""
              .formatted(Sql.identifier(trigger), table));
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql.toString());
    }
    // The locks that the triggers took keep DDL out: what the job has read, it read in this shape.
    new SchemaWatch(plan, source).check(connection);
    long value = Heartbeat.beat(connection, plan.planId()).value();
    connection.commit();
    connection.setAutoCommit(true);
    return value;
  }

  /** Every moved table with all its partitions, quoted. */
  private List<String> tables(Connection connection) throws SQLException {
    List<String> tables = new ArrayList<>();
    for (PlannedTable table : plan.tables()) {
      tables.addAll(PartitionTree.members(connection, table));
    }
    return tables;
  }

  /** Once the grace is over, ends whoever still blocks the fence, until it stands. */
  private void endOpenTransactions(String source, Connection fence, CountDownLatch raised) {
    try {
      int pid = fence.unwrap(PGConnection.class).getBackendPID();
      if (raised.await(openTransactions.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
      try (Connection connection = sessions.connect(source);
          PreparedStatement end =
              connection.prepareStatement(
                  "SELECT pg_terminate_backend(blocker) FROM unnest(pg_blocking_pids(?)) AS blocker"
                      + " WHERE blocker > 0")) {
        end.setInt(1, pid);
        do {
          end.execute();
        } while (!raised.await(20, TimeUnit.MILLISECONDS));
      }
    } catch (SQLException e) {
      // The fence itself then waits until the cutover's deadline and says so.
      LOG.warn("{}: open transactions could not be ended: {}", source, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets the fence of this attempt fall. Idempotent. */
  int drop(String source, Connection connection) throws SQLException {
    return replace("", connection);
  }

  /**
   * Replaces the fence on a source that keeps keys by a guard that refuses those that moved away,
   * in one transaction: at no moment can such a key be written.
   */
  int replaceByGuard(String source, Connection connection) throws SQLException {
    StringBuilder guard = new StringBuilder();
    for (PlannedTable table : plan.tables()) {
      List<String> members = PartitionTree.members(connection, table);
      KeyGuard.statements(plan, table, source, members)
          .forEach(statement -> guard.append(statement).append("; "));
    }
    return replace(guard.toString(), connection);
  }

  /** The fence is disabled, since to drop it would wait for everybody who reads. */
  private int replace(String guard, Connection connection) throws SQLException {
    List<String> fenced = fenced(connection);
    try (Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(
          fenced.stream()
              .map(
                  table ->
                      "ALTER TABLE %s DISABLE TRIGGER %s".formatted(table, Sql.identifier(trigger)))
              .collect(Collectors.joining("; ", "SET LOCAL lock_timeout = '5s'; " + guard, "")));
      connection.commit();
      connection.setAutoCommit(true);
    }
    return fenced.size();
  }

  /** The tables that have this attempt's fence, quoted; roots before their partitions. */
  private List<String> fenced(Connection connection) throws SQLException {
    List<String> fenced = new ArrayList<>();
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT tgrelid::regclass::text FROM pg_trigger"
                + " WHERE tgname = ? AND NOT tgisinternal AND tgparentid = 0"
                + " ORDER BY (SELECT count(*) FROM pg_partition_ancestors(tgrelid)), 1")) {
      query.setString(1, trigger);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          fenced.add(rows.getString(1));
        }
      }
    }
    return fenced;
  }
}
