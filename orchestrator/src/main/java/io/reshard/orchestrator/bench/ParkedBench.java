package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Changes that come while their table is copied are parked as keys and released after the copy: how
 * fast that is, against the backlog of as many changes that is drained later, and whether
 * checkpoints complete meanwhile. The copy is held up until all changes are parked.
 */
final class ParkedBench {
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final long rows;
  private final int rounds;

  ParkedBench(long rows, int rounds) {
    this.rows = rows;
    this.rounds = rounds;
  }

  /**
   * One round's figures, by keys.
   *
   * @param checkpointed whether a checkpoint completed between the copy's end and the last key
   */
  record Round(long parkedKeys, Meter.Figure release, Meter.Figure backlog, boolean checkpointed) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      try (BenchShards shards = new BenchShards(rows, 0);
          Product product = new Product(shards, folder.resolve("round-" + round));
          Meter meter = new Meter(shards)) {
        results.add(round(shards, product, meter));
      }
    }
    return results;
  }

  private Round round(BenchShards shards, Product product, Meter meter)
      throws SQLException, IOException, InterruptedException {
    product.holdCopy(true);
    CompletableFuture<Void> copying =
        CompletableFuture.runAsync(() -> product.drive(Phase.COPYING));
    awaitSlots(shards, copying);
    long parked = update(shards);
    awaitSent(shards);
    product.holdCopy(false);
    copying.join();
    Optional<String> checkpoint = product.checkpoint();
    Meter.Figure release = meter.measure(parked, product::awaitCaughtUp);
    boolean checkpointed = !product.checkpoint().equals(checkpoint);
    product.stop();
    long written = update(shards);
    Meter.Figure backlog =
        meter.measure(
            written,
            () -> {
              product.resume();
              product.awaitCaughtUp();
            });
    return new Round(parked, release, backlog, checkpointed);
  }

  private long update(BenchShards shards) throws SQLException {
    long written = 0;
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      written += ApplyBench.updateEach(shards, source, rows, rows);
    }
    return written;
  }

  private static void awaitSlots(BenchShards shards, CompletableFuture<Void> copying)
      throws SQLException {
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      while (!"t"
          .equals(value(shards, source, "SELECT bool_or(active) FROM pg_replication_slots"))) {
        if (copying.isDone()) {
          copying.join();
          throw new IllegalStateException("the copy was not held up");
        }
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
  }

  /** Until the job has been sent all that is written: it parks what it is told of at once. */
  private static void awaitSent(BenchShards shards) throws SQLException {
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      String end = value(shards, source, "SELECT pg_current_wal_flush_lsn()");
      String sent = "SELECT bool_and(sent_lsn >= '" + end + "') FROM pg_stat_replication";
      while (!"t".equals(value(shards, source, sent))) {
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
  }

  private static String value(BenchShards shards, int source, String sql) throws SQLException {
    try (Connection connection = shards.source(source);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }
}
