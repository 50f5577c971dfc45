package io.reshard.orchestrator.state;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The right to drive one operation: an advisory lock of a session of its own, so that it ends with
 * the process that holds it, however that dies (PostgreSQL manual, chapter 13.3.5). The session's
 * application name says who holds it.
 */
public final class DriverLock implements AutoCloseable {
  private static final String KEY = "hashtextextended('reshard driver ' || ?, 0)";
  private static final int TAKE_OVER_ATTEMPTS = 100;
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int CHECK_SECONDS = 10;

  private final Endpoint control;
  private final String operationId;
  private Connection connection;

  private DriverLock(Endpoint control, String operationId, Connection connection) {
    this.control = control;
    this.operationId = operationId;
    this.connection = connection;
  }

  /**
   * Takes the lock; {@code concurrent_resharding_not_allowed} names the process that holds it.
   *
   * @param takeOver ends the session of whoever holds it: that driver stops at its next step
   */
  public static DriverLock acquire(Endpoint control, String operationId, boolean takeOver) {
    return new DriverLock(control, operationId, lock(control, operationId, takeOver));
  }

  /** The process that holds the lock, as it names itself. */
  public static Optional<String> holder(ControlDatabase control, String operationId) {
    return control.call(
        "see who drives the operation",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(HOLDER)
                        .bind(0, operationId)
                        .mapTo(String.class)
                        .findFirst()));
  }

  private static Connection lock(Endpoint control, String operationId, boolean takeOver) {
    Connection connection = null;
    try {
      connection = control.connect("reshard driver " + self());
      for (int attempt = 0; attempt < TAKE_OVER_ATTEMPTS; attempt++) {
        if (tryLock(connection, operationId)) {
          return connection;
        }
        if (!takeOver) {
          break;
        }
        endHolder(connection, operationId);
        LockSupport.parkNanos(POLL_NANOS);
      }
      String holder = holder(connection, operationId);
      connection.close();
      throw new ReshardingException(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
          "operation " + operationId + " is being driven by " + holder);
    } catch (SQLException e) {
      closeQuietly(connection, e);
      throw new ReshardingException(
          ErrorCode.STATE_STORE_FAILED,
          "the " + control + " failed to lock operation " + operationId + ": " + e.getMessage(),
          e);
    }
  }

  /** This process, as others name it. */
  public static String self() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      host = "localhost";
    }
    return "pid " + ProcessHandle.current().pid() + " on " + host;
  }

  /**
   * Makes sure that the lock is ours, and takes it again if the session was lost with its
   * connection; {@code concurrent_resharding_not_allowed} if another process has it by now.
   */
  public void requireHeld() {
    try {
      if (connection.isValid(CHECK_SECONDS)) {
        return;
      }
      connection.close();
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.STATE_STORE_FAILED, "cannot check who drives operation " + operationId, e);
    }
    connection = lock(control, operationId, false);
  }

  /** The server ends a closed session in its own time, so the lock is let go of before that. */
  @Override
  public void close() {
    try {
      if (connection.isValid(CHECK_SECONDS)) {
        try (Statement unlock = connection.createStatement()) {
          unlock.execute("SELECT pg_advisory_unlock_all()");
        }
      }
      connection.close();
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.STATE_STORE_FAILED, "cannot release operation " + operationId, e);
    }
  }

  private static boolean tryLock(Connection connection, String id) throws SQLException {
    try (PreparedStatement lock =
        connection.prepareStatement("SELECT pg_try_advisory_lock(" + KEY + ")")) {
      lock.setString(1, id);
      try (ResultSet row = lock.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  // pg_locks shows a 64-bit key as its two halves (PostgreSQL manual, chapter 53.13).
  private static final String HOLDERS =
      " FROM pg_locks JOIN pg_stat_activity activity USING (pid), (SELECT "
          + KEY
          + " AS key) wanted WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
          + " AND pg_locks.database = activity.datid AND activity.datname = current_database()"
          + " AND classid = ((key >> 32) & 4294967295)::oid AND objid = (key & 4294967295)::oid";

  private static final String HOLDER =
      "SELECT replace(activity.application_name, 'reshard driver ', '')" + HOLDERS;

  private static void endHolder(Connection connection, String id) throws SQLException {
    try (PreparedStatement end =
        connection.prepareStatement("SELECT pg_terminate_backend(activity.pid)" + HOLDERS)) {
      end.setString(1, id);
      end.execute();
    }
  }

  private static String holder(Connection connection, String id) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(HOLDER)) {
      query.setString(1, id);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getString(1) : "another process";
      }
    }
  }

  private static void closeQuietly(Connection connection, SQLException because) {
    if (connection == null) {
      return;
    }
    try {
      connection.close();
    } catch (SQLException e) {
      because.addSuppressed(e);
    }
  }
}
