package io.reshard.testkit;

import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.postgresql.PGConnection;

/**
 * The statements of one transaction, and the row states that it would make true. Every statement
 * returns version and digest of the rows that it wrote, so the history holds what the server itself
 * said before the commit; a version that is not the next one contradicts the history at once. For
 * use by one thread.
 */
final class WriterTransaction {
  private final Connection connection;
  private final WriterHistory history;
  private Map<RowKey, RowState> changes = new LinkedHashMap<>();
  private Map<RowKey, RowState> changesAtSavepoint = Map.of();

  WriterTransaction(Connection connection, WriterHistory history) {
    this.connection = connection;
    this.history = history;
  }

  /** The states that a commit makes true. */
  Map<RowKey, RowState> changes() {
    return changes;
  }

  /**
   * Held until the transaction has ended, and, if it commits, is visible to all (see {@link
   * DoubtResolver}).
   */
  void lock(long writerLock) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(WriterStatement.LOCK)) {
      statement.setLong(1, writerLock);
      statement.execute();
    }
  }

  void insertOrder(long id, long customerId, String note) throws SQLException {
    long version = next(RowKey.order(id));
    write(WriterStatement.INSERT_ORDER, 1, id, customerId, id, note, id, version);
  }

  void insertItem(long orderId, int line, long customerId) throws SQLException {
    long version = next(RowKey.item(orderId, line));
    write(WriterStatement.INSERT_ITEM, 1, orderId, line, customerId, (int) version, orderId);
  }

  void insertCustomer(long customerId) throws SQLException {
    write(WriterStatement.INSERT_CUSTOMER, 1, customerId, next(RowKey.customer(customerId)));
  }

  void insertAudit(long customerId) throws SQLException {
    write(WriterStatement.INSERT_AUDIT, 1, customerId);
  }

  void updateStatus(String status, List<Long> orderIds) throws SQLException {
    write(WriterStatement.UPDATE_STATUS, orderIds.size(), status, bigints(orderIds));
  }

  void updateNote(long orderId, String note) throws SQLException {
    write(WriterStatement.UPDATE_NOTE, 1, note, orderId);
  }

  void updateItem(long orderId, int line) throws SQLException {
    write(WriterStatement.UPDATE_ITEM, 1, orderId, line);
  }

  void updateBalance(long customerId) throws SQLException {
    write(WriterStatement.UPDATE_BALANCE, 1, customerId);
  }

  void changeShardKey(long orderId, long newCustomerId) throws SQLException {
    write(WriterStatement.CHANGE_SHARD_KEY, 1, newCustomerId, orderId);
  }

  /** The row goes on under the new key with its next version. */
  void changeKey(long orderId, long newId) throws SQLException {
    RowState old = state(RowKey.order(orderId));
    changes.put(RowKey.order(newId), RowState.deleted(old.version()));
    write(WriterStatement.CHANGE_KEY, 1, newId, orderId);
    changes.put(RowKey.order(orderId), RowState.deleted(old.version()));
  }

  void deleteOrder(long orderId) throws SQLException {
    erase(WriterStatement.DELETE_ITEMS, orderId);
    if (erase(WriterStatement.DELETE_ORDER, orderId) == 0) {
      throw new ContradictionException(
          HistoryViolation.Kind.LOST, RowKey.order(orderId).toString(), "no row to delete");
    }
  }

  void copyOrders(List<Long> orderIds, long customerId) throws SQLException {
    StringBuilder lines = new StringBuilder();
    for (long id : orderIds) {
      lines
          .append(id)
          .append('\t')
          .append(customerId)
          .append("\tNEW\tcopied\t")
          .append(next(RowKey.order(id)))
          .append('\n');
    }
    try {
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn(WriterStatement.COPY_ORDERS, new StringReader(lines.toString()));
    } catch (IOException e) {
      throw new SQLException("COPY failed", "08006", e);
    }
    run(SampleTable.ORDERS, WriterStatement.READ_ORDERS, orderIds.size(), bigints(orderIds));
  }

  Savepoint savepoint() throws SQLException {
    Savepoint savepoint = connection.setSavepoint();
    changesAtSavepoint = new LinkedHashMap<>(changes);
    return savepoint;
  }

  void rollbackTo(Savepoint savepoint) throws SQLException {
    connection.rollback(savepoint);
    changes = new LinkedHashMap<>(changesAtSavepoint);
  }

  /** The state of a row as this transaction sees it. */
  private RowState state(RowKey key) {
    RowState changed = changes.get(key);
    return changed == null ? history.state(key) : changed;
  }

  private long next(RowKey key) {
    return state(key).version() + 1;
  }

  private void write(WriterStatement statement, int expectedRows, Object... parameters)
      throws SQLException {
    run(statement.table(), statement.text(), expectedRows, parameters);
  }

  private void run(SampleTable table, String sql, int expectedRows, Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = prepared(sql, parameters);
        ResultSet rows = statement.executeQuery()) {
      int count = 0;
      while (rows.next()) {
        written(table, rows);
        count++;
      }
      if (count != expectedRows) {
        throw new ContradictionException(
            count < expectedRows ? HistoryViolation.Kind.LOST : HistoryViolation.Kind.DUPLICATE,
            table.tableName() + " " + Arrays.toString(parameters),
            count + " rows instead of " + expectedRows);
      }
    }
  }

  private void written(SampleTable table, ResultSet row) throws SQLException {
    RowKey key = key(table, row);
    long version = row.getLong(3);
    long expected = key.table() == SampleTable.AUDIT ? 0 : next(key);
    if (version != expected) {
      HistoryViolation.Kind kind =
          version < expected ? HistoryViolation.Kind.LOST : HistoryViolation.Kind.DOUBLED;
      throw new ContradictionException(
          kind, key.toString(), "the write made version " + version + " instead of " + expected);
    }
    changes.put(key, new RowState(true, version, row.getString(4)));
  }

  private int erase(WriterStatement sql, long orderId) throws SQLException {
    try (PreparedStatement statement = prepared(sql.text(), orderId);
        ResultSet rows = statement.executeQuery()) {
      int count = 0;
      while (rows.next()) {
        RowKey key = key(sql.table(), rows);
        RowState shown = new RowState(true, rows.getLong(3), rows.getString(4));
        if (!state(key).admits(shown)) {
          HistoryViolation.Kind kind = HistoryViolation.Kind.DIFFERENT;
          throw new ContradictionException(
              kind, key.toString(), "deleted " + shown + " instead of " + state(key));
        }
        changes.put(key, RowState.deleted(shown.version()));
        count++;
      }
      return count;
    }
  }

  private PreparedStatement prepared(String sql, Object... parameters) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int index = 0; index < parameters.length; index++) {
      statement.setObject(index + 1, parameters[index]);
    }
    return statement;
  }

  private java.sql.Array bigints(List<Long> values) throws SQLException {
    return connection.createArrayOf("bigint", values.toArray());
  }

  private static RowKey key(SampleTable table, ResultSet row) throws SQLException {
    return new RowKey(table, row.getLong(1), row.getLong(2));
  }
}
