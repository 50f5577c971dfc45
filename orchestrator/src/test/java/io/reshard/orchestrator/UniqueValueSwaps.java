package io.reshard.orchestrator;

import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * An application on one shard that passes values, which are unique, around among few rows of a
 * table, in one transaction or in several, until it is told to stop or fenced.
 */
final class UniqueValueSwaps implements Callable<Integer> {
  /** Some 30 a second: a load, and not all that the machine can do. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  private final Endpoint shard;
  private final Rows rows;
  private final Random random;
  private final AtomicBoolean stopped;
  private final AtomicInteger swaps = new AtomicInteger();

  /** Whose values are passed around: the names of a table and two of its columns. */
  record Rows(String table, String key, String value, int count) {}

  UniqueValueSwaps(Endpoint shard, Rows rows, long seed, AtomicBoolean stopped) {
    this.shard = shard;
    this.rows = rows;
    this.random = new Random(seed);
    this.stopped = stopped;
  }

  /** Returns the number of swaps. */
  @Override
  public Integer call() throws SQLException {
    try (Connection connection = shard.connect("application")) {
      List<Long> keys = keys(connection);
      while (!stopped.get()) {
        Collections.shuffle(keys, random);
        rotate(connection, keys.subList(0, 2 + random.nextInt(3)), random.nextBoolean());
        swaps.incrementAndGet();
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    } catch (SQLException e) {
      if (!SqlStates.FENCED.equals(e.getSQLState())) {
        throw e;
      }
    }
    return swaps.get();
  }

  /** Spread over the table, and the same each time. */
  private List<Long> keys(Connection connection) throws SQLException {
    List<Long> keys = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT %1$s FROM %2$s WHERE %3$s IS NOT NULL ORDER BY md5(%1$s::text) LIMIT %4$d"
                    .formatted(rows.key, rows.table, rows.value, rows.count))) {
      while (row.next()) {
        keys.add(row.getLong(1));
      }
    }
    return keys;
  }

  /** Each row gets the value of the one before it, and the first that of the last. */
  private void rotate(Connection connection, List<Long> keys, boolean atOnce) throws SQLException {
    connection.setAutoCommit(!atOnce);
    List<String> values = new ArrayList<>();
    for (long key : keys) {
      values.add(value(connection, key));
    }
    int last = keys.size() - 1;
    set(connection, keys.get(last), null);
    for (int index = last; index > 0; index--) {
      String value = values.get(index - 1);
      set(connection, keys.get(index - 1), null);
      set(connection, keys.get(index), value);
    }
    set(connection, keys.get(0), values.get(last));
    if (atOnce) {
      connection.commit();
    }
  }

  private String value(Connection connection, long key) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT %s FROM %s WHERE %s = ?".formatted(rows.value, rows.table, rows.key))) {
      query.setLong(1, key);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private void set(Connection connection, long key, String value) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE %s SET %s = ? WHERE %s = ?".formatted(rows.table, rows.value, rows.key))) {
      update.setString(1, value);
      update.setLong(2, key);
      update.executeUpdate();
    }
  }
}
