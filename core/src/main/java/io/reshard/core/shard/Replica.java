package io.reshard.core.shard;

import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A physical replica that is read instead of a shard. What it shows must not be older than what
 * copy or verification began with: a change is either in what a split reads or in the stream behind
 * the slot's start, and a replica that has not come as far shows neither. So nothing is read from
 * it before it has replayed what its primary had written when the session began.
 */
public record Replica(Endpoint endpoint) {
  private static final Logger LOG = LoggerFactory.getLogger(Replica.class);
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final String WRITTEN =
      "SELECT pg_current_wal_flush_lsn(), system_identifier FROM pg_control_system()";

  private static final String REPLAYED =
      "SELECT pg_last_wal_replay_lsn(), pg_last_wal_replay_lsn() >= ?::pg_lsn,"
          + " pg_is_in_recovery() AND system_identifier = ? FROM pg_control_system()";

  /** How a session is opened on the replica. */
  @FunctionalInterface
  public interface Opening {
    Connection on(Endpoint replica) throws SQLException;
  }

  /**
   * A session that sees everything that the primary had written at the call, the database itself
   * included: one made a moment ago is not there yet.
   *
   * @throws SQLException if it is no replica of the primary, or does not get there in a minute
   */
  public Connection open(Endpoint primary, Opening opening) throws SQLException {
    String written;
    long system;
    try (Connection connection = primary.connect("reshard replica check");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(WRITTEN)) {
      row.next();
      written = row.getString(1);
      system = row.getLong(2);
    }
    LOG.info("reading from {} as soon as it has replayed {}", endpoint, written);
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    Connection session = connect(opening, deadline);
    try (PreparedStatement query = session.prepareStatement(REPLAYED)) {
      query.setString(1, written);
      query.setLong(2, system);
      while (!hasReplayed(query, written, deadline)) {
        LockSupport.parkNanos(POLL_NANOS);
      }
      return session;
    } catch (SQLException e) {
      session.abort(Runnable::run);
      throw e;
    }
  }

  private Connection connect(Opening opening, long deadline) throws SQLException {
    while (true) {
      try {
        return opening.on(endpoint);
      } catch (SQLException e) {
        if (!SqlStates.INVALID_CATALOG_NAME.equals(e.getSQLState()) || isOver(deadline)) {
          throw e;
        }
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  private static boolean isOver(long deadline) {
    return Thread.currentThread().isInterrupted() || System.nanoTime() - deadline > 0;
  }

  private boolean hasReplayed(PreparedStatement query, String written, long deadline)
      throws SQLException {
    try (ResultSet row = query.executeQuery()) {
      row.next();
      if (!row.getBoolean(3)) {
        throw new SQLException(endpoint + " is not a replica of its node; mend readUrl");
      }
      if (row.getBoolean(2)) {
        return true;
      }
      if (isOver(deadline)) {
        throw new SQLException(
            "%s has replayed %s and not yet %s: is it streaming from its primary?"
                .formatted(endpoint, row.getString(1), written),
            SqlStates.QUERY_CANCELED);
      }
      return false;
    }
  }
}
