package io.reshard.verifier;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * Keeps one row of a source from changing, by a shared lock: writers of this row wait until it is
 * closed. It never waits for anything else while it holds the row, so it takes part in no deadlock.
 */
final class RowHold implements AutoCloseable {
  private final Connection connection;

  private RowHold(Connection connection) {
    this.connection = connection;
  }

  /**
   * Locks the row of {@code key}, if there is one, for some seconds: the server lets it go in any
   * case, even if this process stands still. Null if its writers did not let go of it within a
   * second.
   */
  static RowHold of(Endpoint source, String application, String lockByKey, List<String> key) {
    Connection connection = null;
    try {
      connection = source.connect(application);
      connection.setAutoCommit(false);
      try (Statement settings = connection.createStatement()) {
        settings.execute("SET lock_timeout = '1s'; SET idle_in_transaction_session_timeout = '3s'");
      }
      try (PreparedStatement lock = connection.prepareStatement(lockByKey)) {
        for (int column = 0; column < key.size(); column++) {
          lock.setArray(
              column + 1, connection.createArrayOf("text", new Object[] {key.get(column)}));
        }
        lock.execute();
      }
      return new RowHold(connection);
    } catch (SQLException e) {
      ShardSessions.close(connection);
      if (SqlStates.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
        return null;
      }
      throw new ReshardingException(
          ErrorCode.SOURCE_UNAVAILABLE,
          "a row of source " + source.name() + " cannot be held: " + e.getMessage(),
          e);
    }
  }

  /** Lets the row go: ending the session rolls its transaction back. */
  @Override
  public void close() {
    ShardSessions.close(connection);
  }
}
