package io.reshard.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** One writer's open connections, by shard. Only {@link #abort} may be called by another thread. */
final class WriterConnections {
  private static final String CONNECTION_ERRORS = "08";
  private static final String OPERATOR_INTERVENTION = "57P";

  private final ShardDirectory directory;
  private final Map<String, Connection> open = new ConcurrentHashMap<>();

  WriterConnections(ShardDirectory directory) {
    this.directory = directory;
  }

  /** A connection outside any transaction, with autocommit off. */
  Connection to(String shardId) throws SQLException {
    Connection connection = open.get(shardId);
    if (connection == null || connection.isClosed()) {
      connection = directory.connect(shardId);
      SessionSettings.pin(connection);
      connection.setAutoCommit(false);
      open.put(shardId, connection);
    }
    return connection;
  }

  /**
   * Ends the transaction of a failed attempt; keeps the connection if the failure was only a
   * refusal.
   */
  void recover(SQLException failure) {
    String state = failure.getSQLState();
    if (state == null
        || state.startsWith(CONNECTION_ERRORS)
        || state.startsWith(OPERATOR_INTERVENTION)) {
      closeAll();
      return;
    }
    try {
      for (Connection connection : open.values()) {
        connection.rollback();
      }
    } catch (SQLException e) {
      failure.addSuppressed(e);
      closeAll();
    }
  }

  /** Closing without a commit rolls back. A connection that cannot be closed is broken already. */
  void closeAll() {
    for (Connection connection : open.values()) {
      try {
        connection.close();
      } catch (SQLException broken) {
        abort(connection);
      }
    }
    open.clear();
  }

  /** Cuts the connections off, so that a thread that hangs in one of them gets an error. */
  void abort() {
    open.values().forEach(WriterConnections::abort);
  }

  private static void abort(Connection connection) {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException broken) {
      // The aim is reached: nobody waits on it any more.
    }
  }
}
