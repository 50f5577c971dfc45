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
 * An application on one shard that passes e-mail addresses, which are unique, around among few
 * customers, in one transaction or in several, until it is told to stop or fenced.
 */
final class UniqueValueSwaps implements Callable<Integer> {
  private static final int CUSTOMERS = 16;

  /** Some 30 a second: a load, and not all that the machine can do. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(30);

  private final Endpoint shard;
  private final Random random;
  private final AtomicBoolean stopped;
  private final AtomicInteger swaps = new AtomicInteger();

  UniqueValueSwaps(Endpoint shard, long seed, AtomicBoolean stopped) {
    this.shard = shard;
    this.random = new Random(seed);
    this.stopped = stopped;
  }

  /** Returns the number of swaps. */
  @Override
  public Integer call() throws SQLException {
    try (Connection connection = shard.connect("application")) {
      List<Long> customers = customers(connection);
      while (!stopped.get()) {
        Collections.shuffle(customers, random);
        rotate(connection, customers.subList(0, 2 + random.nextInt(3)), random.nextBoolean());
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

  private static List<Long> customers(Connection connection) throws SQLException {
    List<Long> customers = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT customer_id FROM customer WHERE email IS NOT NULL ORDER BY 1 LIMIT "
                    + CUSTOMERS)) {
      while (row.next()) {
        customers.add(row.getLong(1));
      }
    }
    return customers;
  }

  /** Each customer gets the address of the one before him, and the first that of the last. */
  private static void rotate(Connection connection, List<Long> customers, boolean atOnce)
      throws SQLException {
    connection.setAutoCommit(!atOnce);
    List<String> addresses = new ArrayList<>();
    for (long customer : customers) {
      addresses.add(address(connection, customer));
    }
    int last = customers.size() - 1;
    set(connection, customers.get(last), null);
    for (int index = last; index > 0; index--) {
      String address = addresses.get(index - 1);
      set(connection, customers.get(index - 1), null);
      set(connection, customers.get(index), address);
    }
    set(connection, customers.get(0), addresses.get(last));
    if (atOnce) {
      connection.commit();
    }
  }

  private static String address(Connection connection, long customer) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement("SELECT email FROM customer WHERE customer_id = ?")) {
      query.setLong(1, customer);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private static void set(Connection connection, long customer, String address)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement("UPDATE customer SET email = ? WHERE customer_id = ?")) {
      update.setString(1, address);
      update.setLong(2, customer);
      update.executeUpdate();
    }
  }
}
