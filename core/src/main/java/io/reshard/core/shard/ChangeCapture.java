package io.reshard.core.shard;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Sql;
import io.reshard.core.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.postgresql.replication.LogSequenceNumber;

/**
 * Publication, logical slot, heartbeat row, truncate triggers and schema watch of one source. Made
 * once per operation, before any split is read, and removed by clean-up.
 */
public final class ChangeCapture {
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final Plan plan;
  private final Endpoint endpoint;
  private final String source;
  private final Runnable requireTurn;

  /** The capture of one source, made and dropped where nobody else can be at it. */
  public ChangeCapture(Plan plan, String source, Endpoint endpoint) {
    this(plan, source, endpoint, () -> {});
  }

  /**
   * The capture of one source.
   *
   * @param requireTurn throws if somebody else is to make or drop it by now
   */
  ChangeCapture(Plan plan, String source, Endpoint endpoint, Runnable requireTurn) {
    this.plan = plan;
    this.source = source;
    this.endpoint = endpoint;
    this.requireTurn = requireTurn;
  }

  /** The names that the capture of {@code source} will have. */
  public CaptureRecord names() {
    String name = name(plan, source);
    return new CaptureRecord(source, name, name, null);
  }

  /** What everything that a plan makes on {@code source} is called, or begins with. */
  static String name(Plan plan, String source) {
    String operation = plan.planId().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    return "reshard_" + operation + "_" + plan.shardOrdinal(source);
  }

  /** An operation and its way back can capture one shard at once: each has its own trigger. */
  private String truncateTrigger() {
    return Sql.identifier(name(plan, source) + "_truncate");
  }

  /**
   * Makes all of it, replacing what an interrupted first start left behind, and returns the record
   * with the heartbeat's number. The publication comes first: decoding fails where it is younger
   * than the slot's position.
   *
   * @param timeout how long open transactions may delay the slot's creation
   */
  public CaptureRecord create(Duration timeout) throws SQLException {
    CaptureRecord names = names();
    try (Connection connection = open()) {
      ShardSchema.ensure(connection);
      dropSlot(connection, names.slot());
      createPublication(connection, names.publication());
      new SchemaWatch(plan, source).begin(connection);
      long number = Heartbeat.register(connection, plan.planId());
      createSlot(connection, names.slot(), timeout);
      awaitOpenTransactions(connection, timeout);
      return new CaptureRecord(source, names.publication(), names.slot(), number);
    }
  }

  /**
   * A process that slept through its own replacement would drop the slot that is made after it, or
   * make one behind a removal that has found none: (1) A sees that it is its turn, and freezes; (2)
   * B takes the next turn, and makes or drops what A was to drop or make; (3) A thaws and goes on.
   * So A looks when its session is open already, and B, which has taken its turn before, first ends
   * the sessions of all others: one that was open by then ends, and one that is opened later sees
   * B's turn.
   */
  private Connection open() throws SQLException {
    String application = "reshard " + plan.planId() + " capture";
    Connection connection = endpoint.connect(application);
    try {
      requireTurn.run();
      Optional<Integer> alive = OtherSessions.end(connection, application);
      if (alive.isPresent()) {
        throw new ReshardingException(
            ErrorCode.REPLICATION_FAILED,
            "source %s: process %d, which was making or dropping the change capture, does not end; try again"
                .formatted(source, alive.get()));
      }
      return connection;
    } catch (SQLException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private void createPublication(Connection connection, String publication) throws SQLException {
    StringBuilder tables = new StringBuilder("reshard.heartbeat");
    for (PlannedTable table : plan.tables()) {
      // An update must carry every column of the list in its replica identity; with FULL the list
      // would have to be the whole row, so there is none (PostgreSQL manual, chapter 31.4).
      String list =
          replicaIdentity(connection, table).equals("f")
              ? ""
              : " (" + Sql.identifiers(table.primaryKey()) + ")";
      tables.append(", ").append(table.quotedName()).append(list);
    }
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP PUBLICATION IF EXISTS " + Sql.identifier(publication));
      statement.execute(
          "CREATE PUBLICATION "
              + Sql.identifier(publication)
              + " FOR TABLE "
              + tables
              + " WITH (publish_via_partition_root = true)");
      for (PlannedTable table : plan.tables()) {
        for (String member : PartitionTree.members(connection, table)) {
          statement.execute(
              "CREATE OR REPLACE TRIGGER "
                  + truncateTrigger()
                  + " BEFORE TRUNCATE ON "
                  + member
                  + " EXECUTE FUNCTION reshard.refuse_truncate()");
        }
      }
    }
  }

  private static String replicaIdentity(Connection connection, PlannedTable table)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement("SELECT relreplident FROM pg_class WHERE oid = ?::regclass")) {
      query.setString(1, table.quotedName());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private void createSlot(Connection connection, String slot, Duration timeout)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET statement_timeout = " + timeout.toMillis());
      try (PreparedStatement create =
          connection.prepareStatement("SELECT pg_create_logical_replication_slot(?, 'pgoutput')")) {
        create.setString(1, slot);
        create.execute();
      } catch (SQLException e) {
        if (SqlStates.QUERY_CANCELED.equals(e.getSQLState())) {
          throw blocked(timeout, e);
        }
        throw e;
      }
      statement.execute("RESET statement_timeout");
    }
  }

  /**
   * The visibility race at the start: (1) a transaction's commit is written before the slot's
   * position, so the slot will not deliver it; (2) it is not visible to new snapshots yet; (3) a
   * split is read without it. So every transaction that a snapshot taken after the slot's creation
   * shows in progress must have ended before the first split is read.
   */
  private void awaitOpenTransactions(Connection connection, Duration timeout) throws SQLException {
    long deadline = System.nanoTime() + timeout.toNanos();
    String horizon = scalar(connection, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text");
    String ended = "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= '" + horizon + "'::xid8";
    while (!scalar(connection, ended).equals("t")) {
      if (System.nanoTime() - deadline > 0) {
        throw blocked(timeout, null);
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  private ReshardingException blocked(Duration timeout, SQLException cause) throws SQLException {
    try (Connection connection = endpoint.connect("reshard " + plan.planId() + " diagnose")) {
      String blockers =
          scalar(
              connection,
              "SELECT coalesce(string_agg(format('pid %s (%s, open since %s)', pid,"
                  + " application_name, xact_start), ', '), 'none any more') FROM pg_stat_activity"
                  + " WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()");
      return new ReshardingException(
          ErrorCode.SLOT_CREATION_BLOCKED,
          "source "
              + source
              + ": open write transactions kept the replication slot from being ready within "
              + timeout.toSeconds()
              + " s: "
              + blockers
              + ". End them, or wait, and start again",
          cause);
    }
  }

  /**
   * The position of a slot: what committed before it is not sent again. Empty if the slot is gone,
   * or the server has removed write-ahead log that it needs.
   */
  public static Optional<LogSequenceNumber> slotPosition(Endpoint endpoint, String slot)
      throws SQLException {
    try (Connection connection = endpoint.connect("reshard check");
        PreparedStatement query =
            connection.prepareStatement(
                "SELECT confirmed_flush_lsn FROM pg_replication_slots"
                    + " WHERE slot_name = ? AND wal_status <> 'lost'")) {
      query.setString(1, slot);
      try (ResultSet row = query.executeQuery()) {
        return row.next()
            ? Optional.of(LogSequenceNumber.valueOf(row.getString(1)))
            : Optional.empty();
      }
    }
  }

  /** Ends the session that reads {@code slot}, such as the walsender of an older attempt. */
  public static void endReader(Connection connection, String slot) throws SQLException {
    try (PreparedStatement end =
        connection.prepareStatement(
            "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots"
                + " WHERE slot_name = ? AND active_pid IS NOT NULL")) {
      end.setString(1, slot);
      end.execute();
    }
  }

  /** Drops a slot, whoever reads it; does nothing if there is none. */
  public static void dropSlot(Connection connection, String slot) throws SQLException {
    endReader(connection, slot);
    try (PreparedStatement drop =
        connection.prepareStatement(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                + " WHERE slot_name = ?")) {
      drop.setString(1, slot);
      drop.execute();
    }
  }

  /** Removes slot, watch, publication, triggers and heartbeat row. Idempotent. */
  void drop(CaptureRecord capture) throws SQLException {
    try (Connection connection = open()) {
      dropSlot(connection, capture.slot());
      try (Statement statement = connection.createStatement()) {
        statement.execute("DROP PUBLICATION IF EXISTS " + Sql.identifier(capture.publication()));
        for (PlannedTable table : plan.tables()) {
          for (String member : PartitionTree.members(connection, table)) {
            statement.execute("DROP TRIGGER IF EXISTS " + truncateTrigger() + " ON " + member);
          }
        }
      }
      try (PreparedStatement delete =
          connection.prepareStatement("DELETE FROM reshard.heartbeat WHERE operation_id = ?")) {
        new SchemaWatch(plan, source).end(connection);
        delete.setString(1, plan.planId());
        delete.execute();
      } catch (SQLException e) {
        if (!SqlStates.UNDEFINED_TABLE.equals(e.getSQLState())) {
          throw e;
        }
      }
    }
  }

  private static String scalar(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }
}
