package io.reshard.orchestrator.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * An application that changes rows at a steady rate, in transactions of {@code rowsPerTransaction}
 * on average: one session per source, which goes through all keys in turn. Only for keys in order.
 * A transaction that is late is made up for.
 */
final class ChangeLoad implements AutoCloseable {
  private static final String UPDATE =
      "UPDATE public.item SET n = n + 1, changed = now() WHERE id BETWEEN ? AND ?";

  private final BenchShards shards;
  private final int rowsPerTransaction;
  private final double changesPerSecond;
  private final ExecutorService threads = Executors.newFixedThreadPool(BenchShards.SOURCES);
  private final List<Future<Share>> writers = new ArrayList<>();
  private final long start = System.nanoTime();
  private volatile boolean stopping;

  /** Begins to write. */
  ChangeLoad(BenchShards shards, double changesPerSecond, int rowsPerTransaction) {
    this.shards = shards;
    this.changesPerSecond = changesPerSecond;
    this.rowsPerTransaction = rowsPerTransaction;
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      int own = source;
      writers.add(threads.submit(() -> write(own)));
    }
  }

  /**
   * What was written.
   *
   * @param changesPerSecond what was reached of the rate that was asked for
   * @param transactionMillis from the statement to the end of its commit
   */
  record Written(long changesPerSecond, Quantiles transactionMillis) {}

  /** What one writer did. */
  private record Share(long changes, List<Long> nanos) {}

  /** Ends the writing; returns what it was, or throws what a writer failed with. */
  Written stop() throws InterruptedException {
    stopping = true;
    long changes = 0;
    List<Long> nanos = new ArrayList<>();
    try {
      for (Future<Share> writer : writers) {
        changes += writer.get().changes();
        nanos.addAll(writer.get().nanos());
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a writer failed", e.getCause());
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Written(Math.round(changes / seconds), Quantiles.ofNanos(nanos));
  }

  private Share write(int source) throws SQLException {
    long width = (long) rowsPerTransaction * BenchShards.SOURCES;
    List<Long> nanos = new ArrayList<>();
    long changes = 0;
    try (Connection connection = shards.source(source);
        PreparedStatement update = connection.prepareStatement(UPDATE)) {
      long from = 1;
      while (!stopping) {
        update.setLong(1, from);
        update.setLong(2, from + width - 1);
        long begun = System.nanoTime();
        changes += update.executeUpdate();
        nanos.add(System.nanoTime() - begun);
        from = from + width > shards.rows() ? 1 : from + width;
        double due = changes * BenchShards.SOURCES / changesPerSecond;
        LockSupport.parkNanos(
            start + (long) (due * TimeUnit.SECONDS.toNanos(1)) - System.nanoTime());
      }
    }
    return new Share(changes, nanos);
  }

  @Override
  public void close() {
    stopping = true;
    threads.shutdown();
  }
}
