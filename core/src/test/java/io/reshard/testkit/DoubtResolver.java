package io.reshard.testkit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;

/**
 * Finds out whether a transaction was committed whose connection died at the commit, by reading its
 * rows.
 *
 * <p>The server can still be at that commit: (1) the writer sends COMMIT, (2) its connection
 * breaks, (3) the writer reads the old row, (4) the server finishes the commit. So every
 * transaction holds an advisory lock of its writer, and the reader takes it first: PostgreSQL
 * releases it after the commit is visible. On another shard, after a switch, the lock is free;
 * there the fence has ended the transaction before.
 */
final class DoubtResolver {
  /** The outcome of a transaction. */
  enum Outcome {
    COMMITTED,
    ROLLED_BACK,
    /** Some rows are as the transaction made them and some are not. */
    TORN
  }

  private final WriterHistory history;
  private final ShardDirectory directory;
  private final WriterConnections connections;
  private final long writerLock;

  DoubtResolver(
      WriterHistory history,
      ShardDirectory directory,
      WriterConnections connections,
      long writerLock) {
    this.history = history;
    this.directory = directory;
    this.connections = connections;
    this.writerLock = writerLock;
  }

  Outcome resolve(LogicalWrite write, Map<RowKey, RowState> changes) throws SQLException {
    boolean allNew = true;
    boolean allOld = true;
    for (Map.Entry<RowKey, RowState> change : changes.entrySet()) {
      RowState shown = shown(write, change.getKey());
      allNew &= change.getValue().admits(shown);
      allOld &= history.state(change.getKey()).admits(shown);
    }
    if (allNew) {
      return Outcome.COMMITTED;
    }
    return allOld ? Outcome.ROLLED_BACK : Outcome.TORN;
  }

  /**
   * A row that moved to the other customer is on that one's shard, which another topology may have
   * set apart.
   */
  private RowState shown(LogicalWrite write, RowKey key) throws SQLException {
    String shard = directory.shardFor(write.customerId());
    RowState shown = read(shard, key);
    if (shown.exists() || write.otherCustomerId() == 0) {
      return shown;
    }
    String otherShard = directory.shardFor(write.otherCustomerId());
    return otherShard.equals(shard) ? shown : read(otherShard, key);
  }

  private RowState read(String shard, RowKey key) throws SQLException {
    Connection connection = connections.to(shard);
    new WriterTransaction(connection, history).lock(writerLock);
    String sql =
        "SELECT "
            + key.table().returning()
            + " FROM "
            + key.table().tableName()
            + " WHERE "
            + key.table().keyCondition();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setLong(1, key.first());
      statement.setLong(2, key.second());
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next()
            ? new RowState(true, rows.getLong(3), rows.getString(4))
            : RowState.NEVER_EXISTED;
      }
    } finally {
      connection.rollback();
    }
  }
}
