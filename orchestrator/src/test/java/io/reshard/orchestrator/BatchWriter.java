package io.reshard.orchestrator;

import io.reshard.core.control.JobProgress;
import io.reshard.core.postgres.Endpoint;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Changes rows of one shard in batches, at a rate as long as the migration job keeps up. Orders
 * whose number divides by {@value #SPARED} are left alone.
 */
final class BatchWriter implements Runnable {
  static final int SPARED = 50;
  private static final int BATCH = 200;
  private static final long LONGEST_LAG_MILLIS = 3_000;

  private static final String UPDATE =
      "UPDATE orders SET version = version + 1, note = md5(random()::text) WHERE id = ANY (?)";

  /** Keys that go and come back. */
  private static final String REPLACE =
      "WITH gone AS (DELETE FROM order_items WHERE order_id = ANY (?) RETURNING *)"
          + " INSERT INTO order_items SELECT order_id, line, customer_id, sku, quantity + 1, price"
          + " FROM gone";

  private final Endpoint shard;
  private final String owned;
  private final JobProgress progress;
  private final int changesPerSecond;
  private final SplittableRandom random = new SplittableRandom(7);
  private volatile boolean stopping;
  private final AtomicLong changes = new AtomicLong();
  private final AtomicLong nanosHeldBack = new AtomicLong();
  private volatile SQLException failure;

  /**
   * @param owned whether the shard owns the order {@code t}: what it gets from others is not its
   *     own
   */
  BatchWriter(Endpoint shard, String owned, JobProgress progress, int changesPerSecond) {
    this.shard = shard;
    this.owned = owned;
    this.progress = progress;
    this.changesPerSecond = changesPerSecond;
  }

  /** How many rows were changed so far; a row that goes and comes back is two. */
  long changes() throws SQLException {
    if (failure != null) {
      throw failure;
    }
    return changes.get();
  }

  /** For how long the job's lag has held the writer back. */
  long secondsHeldBack() {
    return TimeUnit.NANOSECONDS.toSeconds(nanosHeldBack.get());
  }

  void stop() {
    stopping = true;
  }

  @Override
  public void run() {
    try (Connection connection = shard.connect("load");
        PreparedStatement update = connection.prepareStatement(UPDATE);
        PreparedStatement replace = connection.prepareStatement(REPLACE)) {
      Long[] ids = ids(connection);
      long next = System.nanoTime();
      for (int batch = 0; !stopping; batch++) {
        boolean both = batch % 4 == 0;
        PreparedStatement statement = both ? replace : update;
        Array some =
            connection.createArrayOf(
                "bigint", random.ints(BATCH, 0, ids.length).mapToObj(at -> ids[at]).toArray());
        statement.setArray(1, some);
        int changed = statement.executeUpdate() * (both ? 2 : 1);
        changes.addAndGet(changed);
        next += TimeUnit.SECONDS.toNanos(changed) / changesPerSecond;
        next += holdBack();
        LockSupport.parkNanos(next - System.nanoTime());
      }
    } catch (SQLException e) {
      failure = e;
    }
  }

  private Long[] ids(Connection connection) throws SQLException {
    String all = "SELECT array_agg(id) FROM orders t WHERE id % " + SPARED + " > 0 AND " + owned;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(all)) {
      row.next();
      return (Long[]) row.getArray(1).getArray();
    }
  }

  /** Waits until the targets are not far behind; returns for how long, in nanoseconds. */
  private long holdBack() {
    long start = System.nanoTime();
    while (!stopping && lagMillis() > LONGEST_LAG_MILLIS) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    long waited = System.nanoTime() - start;
    nanosHeldBack.addAndGet(waited);
    return waited;
  }

  private long lagMillis() {
    OptionalLong frontier = progress.frontier();
    return frontier.isEmpty() ? Long.MAX_VALUE : System.currentTimeMillis() - frontier.getAsLong();
  }
}
