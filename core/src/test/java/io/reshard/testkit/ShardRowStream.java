package io.reshard.testkit;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The owned rows of one table on one shard, in key order, through a server-side cursor. A thread of
 * its own reads a few batches ahead, so that all servers work at once; memory is bounded by those
 * batches. For use by one thread.
 */
final class ShardRowStream implements AutoCloseable {
  private static final int BATCH_ROWS = 2_000;
  private static final int BATCHES_AHEAD = 4;
  private static final int JOIN_MILLIS = 30_000;
  private static final int POLL_MILLIS = 100;

  private final OwnedShard shard;
  private final TableShape shape;
  private final BlockingQueue<List<KeyedRow>> batches = new ArrayBlockingQueue<>(BATCHES_AHEAD);
  private final Thread reader;
  private volatile SQLException failure;
  private volatile boolean closed;
  private List<KeyedRow> batch = List.of();
  private int position;
  private long delivered;

  ShardRowStream(OwnedShard shard, TableShape shape) {
    this.shard = shard;
    this.shape = shape;
    this.reader = new Thread(this::read, "compare-" + shard.id());
    reader.setDaemon(true);
    reader.start();
  }

  String shardId() {
    return shard.id();
  }

  /** Rows taken so far; after the end, the number of owned rows. */
  long delivered() {
    return delivered;
  }

  /** The next row, which stays the next, or null at the end. */
  KeyedRow peek() throws SQLException {
    if (position == batch.size()) {
      batch = take();
      position = 0;
    }
    return batch.isEmpty() ? null : batch.get(position);
  }

  KeyedRow next() throws SQLException {
    KeyedRow row = peek();
    if (row != null) {
      position++;
      delivered++;
    }
    return row;
  }

  @Override
  public void close() {
    closed = true;
    batches.clear();
    try {
      reader.join(JOIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** An empty batch is the end; it is not consumed, so the end can be asked for again. */
  private List<KeyedRow> take() throws SQLException {
    try {
      List<KeyedRow> taken = null;
      while (taken == null) {
        if (failure != null) {
          throw new SQLException(
              "cannot read " + shape.table().name() + " of " + shard.id(), failure);
        }
        taken = batches.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
      }
      if (taken.isEmpty()) {
        batches.offer(taken);
      }
      return taken;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException(
          "interrupted while reading " + shape.table().name() + " of " + shard.id(), e);
    }
  }

  private void read() {
    try (Connection connection = shard.connections().open()) {
      SessionSettings.pin(connection);
      Sql.execute(connection, "SET cursor_tuple_fraction = 1");
      connection.setReadOnly(true);
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.setFetchSize(BATCH_ROWS);
        try (ResultSet rows = statement.executeQuery(shape.rowsQuery(shard.ownership()))) {
          while (!closed && put(nextBatch(rows))) {
            // Reads on until the end of the rows or of the interest in them.
          }
        }
      }
      connection.rollback();
    } catch (SQLException | RuntimeException e) {
      failure = new SQLException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failure = new SQLException("interrupted", e);
    }
  }

  /** False after the end. */
  private boolean put(List<KeyedRow> rows) throws InterruptedException {
    while (!closed && !batches.offer(rows, POLL_MILLIS, TimeUnit.MILLISECONDS)) {
      // The consumer is slower; look at the flag from time to time.
    }
    return !rows.isEmpty();
  }

  private List<KeyedRow> nextBatch(ResultSet rows) throws SQLException {
    List<KeyedRow> read = new ArrayList<>(BATCH_ROWS);
    int keyColumns = shape.table().key().size();
    while (read.size() < BATCH_ROWS && rows.next()) {
      Object[] key = new Object[keyColumns];
      for (int column = 0; column < keyColumns; column++) {
        boolean integer = shape.isInteger(shape.table().key().get(column));
        key[column] = integer ? (Object) rows.getLong(column + 1) : rows.getString(column + 1);
      }
      read.add(new KeyedRow(key, rows.getString(keyColumns + 1)));
    }
    return read;
  }
}
