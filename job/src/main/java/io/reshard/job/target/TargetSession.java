package io.reshard.job.target;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.control.Epoch;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.shard.ShardSchema;
import io.reshard.core.shard.TargetEpoch;
import io.reshard.job.Migration;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.copy.CopyIn;

/**
 * One session on a target. Every transaction begins with {@link #begin()}, which holds the epoch:
 * nothing of a superseded attempt can be committed. Not thread-safe.
 */
public final class TargetSession implements AutoCloseable {
  /**
   * The role replica keeps triggers and foreign-key checks from firing while rows arrive out of
   * order. The lock timeout ends waits that PostgreSQL cannot see as a deadlock: two open COPY
   * transactions of this job that meet in one unique key.
   */
  private static final String OPTIONS =
      ShardSchema.OWN_SESSION
          + " -c session_replication_role=replica -c lock_timeout=10s -c statement_timeout=0"
          + " -c idle_in_transaction_session_timeout=0";

  private final String operationId;
  private final Epoch epoch;
  private final String target;
  private final Connection connection;
  private boolean evictedKeys;
  private Duration lockTimeout;
  private final Set<String> settings = new HashSet<>();

  private TargetSession(String operationId, Epoch epoch, String target, Connection connection) {
    this.operationId = operationId;
    this.epoch = epoch;
    this.target = target;
    this.connection = connection;
  }

  /** Opens a session in auto-commit mode. */
  public static TargetSession open(Migration migration, String target, Epoch epoch)
      throws SQLException {
    Properties properties = new Properties();
    PGProperty.OPTIONS.set(properties, OPTIONS);
    String application = TargetEpoch.application(migration.operationId(), epoch);
    Connection connection = migration.endpoint(target).connect(application, properties);
    try (Statement settings = connection.createStatement()) {
      settings.execute(RowHash.SESSION);
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
    return new TargetSession(migration.operationId(), epoch, target, connection);
  }

  /** Claims the target for this epoch: all sessions of older ones end. */
  public void claim() throws SQLException {
    TargetEpoch.claim(connection, operationId, epoch, target);
  }

  /** Sets the lock timeout of the transactions to come. */
  public void waitForLocksAtMost(Duration timeout) throws SQLException {
    if (!timeout.equals(lockTimeout)) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET lock_timeout = " + timeout.toMillis());
      }
      lockTimeout = timeout;
    }
  }

  /** Begins a transaction that can only commit while the epoch is in force. */
  public void begin() throws SQLException {
    connection.setAutoCommit(false);
    evictedKeys = TargetEpoch.hold(connection, operationId, epoch, target);
  }

  /** Whether evicted keys waited to be fetched again when the transaction began. */
  public boolean hasEvictedKeys() {
    return evictedKeys;
  }

  /** Runs statements that set something for the rest of the session, unless they have run. */
  public void setOnce(String statements) throws SQLException {
    if (settings.add(statements)) {
      try (Statement statement = connection.createStatement()) {
        statement.execute(statements);
      }
    }
  }

  /**
   * Returns when all that has been committed on the server is on its disk: the log is flushed in
   * order, and this commit waits. It needs a record of its own, since a transaction that has
   * written nothing does not wait (PostgreSQL manual, chapter 28.4, "Asynchronous Commit").
   */
  void flush() throws SQLException {
    begin();
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_logical_emit_message(true, 'reshard', 'flush')");
    }
    commit();
  }

  public void commit() throws SQLException {
    connection.commit();
    connection.setAutoCommit(true);
  }

  public void rollback() throws SQLException {
    connection.rollback();
    connection.setAutoCommit(true);
  }

  /** Starts COPY IN of the table's copied columns into {@code relation}, a quoted name. */
  CopyIn copyIn(PlannedTable table, String relation) throws SQLException {
    return connection
        .unwrap(PGConnection.class)
        .getCopyAPI()
        .copyIn(
            "COPY "
                + relation
                + " ("
                + Sql.identifiers(table.copiedColumns())
                + ") FROM STDIN"
                + (table.binaryCopy() ? " (FORMAT binary)" : ""));
  }

  public Connection connection() {
    return connection;
  }

  public String target() {
    return target;
  }

  /** Ends the session at once; an open transaction is rolled back by the server. */
  @Override
  public void close() throws SQLException {
    connection.abort(Runnable::run);
  }
}
