package io.reshard.verifier;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes to the orders of one source as fast as it can, and notes each key for the {@link
 * ToyReplicator}. Among its habits are those that mislead a comparison: one row that always
 * changes, one that goes to and fro between two values, one that is deleted and inserted again.
 */
final class ToyWriter implements Runnable {
  /** Orders that no writer touches have other ids than multiples of this. */
  static final int STRIDE = 3;

  private static final long COMING_AND_GOING = 3_000_000;

  private final Shards shards;
  private final String source;
  private final List<Long> ids;
  private final Random random = new Random(2);
  private volatile boolean stopping;
  private volatile Exception failure;
  private final AtomicLong writes = new AtomicLong();

  /**
   * @param ids some orders of the source that move
   */
  ToyWriter(Shards shards, String source, List<Long> ids) {
    this.shards = shards;
    this.source = source;
    this.ids = ids;
  }

  void stop() {
    stopping = true;
  }

  void check() throws Exception {
    if (failure != null) {
      throw failure;
    }
  }

  long writes() {
    return writes.get();
  }

  @Override
  public void run() {
    try (Connection connection = shards.connect(source)) {
      connection.setAutoCommit(false);
      for (long turn = 0; !stopping; turn++) {
        write(connection, turn);
        connection.commit();
        writes.incrementAndGet();
      }
    } catch (SQLException e) {
      failure = e;
    }
  }

  private void write(Connection connection, long turn) throws SQLException {
    long counter = ids.get(0);
    long toAndFro = ids.get(1);
    long any = ids.get(2 + random.nextInt(ids.size() - 2));
    // A key of its own on each source, routed as the counter's row is.
    long comingAndGoing = COMING_AND_GOING + counter;
    switch ((int) (turn % 6)) {
      case 0, 3 -> run(connection, counter, "UPDATE orders SET amount = amount + 1 WHERE id = ?");
      case 1 ->
          run(
              connection,
              toAndFro,
              "UPDATE orders SET status = CASE status WHEN 'A' THEN 'B' ELSE 'A' END"
                  + " WHERE id = ?");
      case 2 -> run(connection, any, "UPDATE orders SET factor = factor + 1 WHERE id = ?");
      case 4 ->
          run(
              connection,
              comingAndGoing,
              "INSERT INTO orders (id, customer, status) VALUES (?, " + counter + ", 'x')");
      default -> run(connection, comingAndGoing, "DELETE FROM orders WHERE id = ?");
    }
  }

  private static void run(Connection connection, long id, String sql) throws SQLException {
    try (PreparedStatement write = connection.prepareStatement(sql);
        PreparedStatement note =
            connection.prepareStatement("INSERT INTO changes (id) VALUES (?)")) {
      write.setLong(1, id);
      write.execute();
      note.setLong(1, id);
      note.execute();
    }
  }
}
