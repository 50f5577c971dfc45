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
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.postgresql.PGProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to drive one operation: an advisory lock of a session of its own, so that it ends with
 * the process that holds it, however that dies (PostgreSQL manual, chapter 13.3.5). The session's
 * application name says who holds it.
 *
 * <p>A process that is frozen does not die, and a host that has lost power says nothing: so the
 * right is a lease. The server ends a session that is idle for longer ({@code
 * idle_session_timeout}), and a thread keeps it from being so. Whoever thaws finds by its token
 * whether somebody has driven the operation meanwhile. Thread-safe.
 */
public final class DriverLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DriverLock.class);

  /** How long a driver may be silent. */
  private static final Duration LEASE = Duration.ofSeconds(20);

  private static final int PINGS_PER_LEASE = 3;
  private static final int SOCKET_TIMEOUT_SECONDS = 30;

  private static final String TAKE =
      "UPDATE reshard.operation SET driver = ?, driver_token = driver_token + 1,"
          + " version = version + 1, updated_at = now() WHERE id = ? RETURNING driver_token";

  private static final String KEY = "hashtextextended('reshard driver ' || ?, 0)";
  private static final int TAKE_OVER_ATTEMPTS = 100;
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int CHECK_SECONDS = 10;

  private final Endpoint control;
  private final String operationId;
  private final Duration lease;
  private final long token;
  private final ScheduledExecutorService pinger;
  private Connection connection;

  private DriverLock(
      Endpoint control, String operationId, Duration lease, Connection connection, long token) {
    this.control = control;
    this.operationId = operationId;
    this.lease = lease;
    this.connection = connection;
    this.token = token;
    this.pinger = Executors.newSingleThreadScheduledExecutor(DriverLock::daemon);
    long period = lease.toMillis() / PINGS_PER_LEASE;
    // The task never fails: ping() reports every failure and goes on.
    ScheduledFuture<?> unused =
        pinger.scheduleWithFixedDelay(this::ping, period, period, TimeUnit.MILLISECONDS);
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "reshard driver lease");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Takes the lock; {@code concurrent_resharding_not_allowed} names the process that holds it.
   *
   * @param takeOver ends the session of whoever holds it: that driver stops at its next step
   */
  public static DriverLock acquire(Endpoint control, String operationId, boolean takeOver) {
    return acquire(control, operationId, takeOver, LEASE);
  }

  static DriverLock acquire(
      Endpoint control, String operationId, boolean takeOver, Duration lease) {
    Connection connection = lock(control, operationId, takeOver, lease);
    try {
      return new DriverLock(
          control, operationId, lease, connection, takeToken(connection, operationId));
    } catch (SQLException e) {
      closeQuietly(connection, e);
      throw failed(control, operationId, e);
    }
  }

  /**
   * Counts the driver, on the session of the lock: one that has lost it already counts for nothing.
   * There is no row where something else than an operation is locked.
   */
  private static long takeToken(Connection connection, String operationId) throws SQLException {
    try (PreparedStatement take = connection.prepareStatement(TAKE)) {
      take.setString(1, self());
      take.setString(2, operationId);
      try (ResultSet row = take.executeQuery()) {
        return row.next() ? row.getLong(1) : 0;
      }
    }
  }

  /** What the store has for this driver's token, for as long as nobody else takes over. */
  public long token() {
    return token;
  }

  public String operationId() {
    return operationId;
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

  private static Connection lock(
      Endpoint control, String operationId, boolean takeOver, Duration lease) {
    Properties properties = new Properties();
    PGProperty.OPTIONS.set(properties, "-c idle_session_timeout=" + lease.toMillis());
    PGProperty.SOCKET_TIMEOUT.set(properties, SOCKET_TIMEOUT_SECONDS);
    Connection connection = null;
    try {
      connection = control.connect("reshard driver " + self(), properties);
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
          "operation "
              + operationId
              + " is being driven by "
              + holder
              + "; if that process is frozen, or its host gone, it loses the right within "
              + lease.toSeconds()
              + " s");
    } catch (SQLException e) {
      closeQuietly(connection, e);
      throw failed(control, operationId, e);
    }
  }

  private static ReshardingException failed(Endpoint control, String operationId, SQLException e) {
    return new ReshardingException(
        ErrorCode.STATE_STORE_FAILED,
        "the " + control + " failed to lock operation " + operationId + ": " + e.getMessage(),
        e);
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
   * connection; {@code concurrent_resharding_not_allowed} if another process has it by now, or has
   * had it since: what that one has left behind is not for this one to go on with.
   */
  public synchronized void requireHeld() {
    try {
      if (connection.isValid(CHECK_SECONDS)) {
        return;
      }
      connection.close();
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.STATE_STORE_FAILED, "cannot check who drives operation " + operationId, e);
    }
    connection = lock(control, operationId, false, lease);
    requireToken();
  }

  private void requireToken() {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT driver_token, driver FROM reshard.operation WHERE id = ?")) {
      query.setString(1, operationId);
      String other = null;
      try (ResultSet row = query.executeQuery()) {
        if (row.next() && row.getLong(1) != token) {
          other = row.getString(2);
        }
      }
      if (other != null) {
        release();
        throw Operation.takenOver(operationId, other);
      }
    } catch (SQLException e) {
      closeQuietly(connection, e);
      throw failed(control, operationId, e);
    }
  }

  private synchronized void ping() {
    try {
      if (!connection.isClosed() && !connection.isValid(CHECK_SECONDS)) {
        connection.close();
        LOG.warn("lost the session that holds the right to drive {}", operationId);
      }
    } catch (SQLException e) {
      LOG.warn("lost the session that holds the right to drive {}", operationId, e);
    }
  }

  @Override
  public void close() {
    pinger.shutdown();
    release();
  }

  /** The server ends a closed session in its own time, so the lock is let go of before that. */
  private synchronized void release() {
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
