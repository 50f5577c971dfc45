package io.reshard.orchestrator.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/** An application that updates single rows at a steady rate, and times its transactions. */
final class SteadyWriters implements AutoCloseable {
  private static final int WRITERS = 4;
  private static final int KEYS = 50_000;

  private final ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
  private final List<Future<?>> running = new ArrayList<>();
  private final List<Long> nanos = Collections.synchronizedList(new ArrayList<>());
  private final long start = System.nanoTime();
  private volatile boolean stopped;

  private SteadyWriters() {}

  static SteadyWriters start(BenchShards shards, double changesPerSecond) {
    SteadyWriters writers = new SteadyWriters();
    long interval = (long) (1e9 * WRITERS / changesPerSecond);
    for (int writer = 0; writer < WRITERS; writer++) {
      int source = writer % BenchShards.SOURCES;
      writers.running.add(
          writers.threads.submit(
              () -> {
                writers.write(shards, source, interval);
                return null;
              }));
    }
    return writers;
  }

  private void write(BenchShards shards, int source, long interval) throws SQLException {
    SplittableRandom random = new SplittableRandom();
    try (Connection connection = shards.source(source);
        PreparedStatement update =
            connection.prepareStatement("UPDATE public.item SET n = n + 1 WHERE id = ?")) {
      List<Long> keys = keys(connection);
      long due = System.nanoTime();
      while (!stopped) {
        update.setLong(1, keys.get(random.nextInt(keys.size())));
        long begun = System.nanoTime();
        update.executeUpdate();
        nanos.add(System.nanoTime() - begun);
        due += interval;
        long left = due - System.nanoTime();
        if (left > 0) {
          LockSupport.parkNanos(left);
        }
      }
    }
  }

  private static List<Long> keys(Connection connection) throws SQLException {
    List<Long> keys = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT id FROM public.item ORDER BY id LIMIT " + KEYS)) {
      while (row.next()) {
        keys.add(row.getLong(1));
      }
    }
    return keys;
  }

  /**
   * What they did.
   *
   * @param medianMicros of the time of a transaction, as is {@code p99Micros}
   */
  record Report(double changesPerSecond, long medianMicros, long p99Micros) {}

  /** Ends them; an error of one of them is thrown. */
  Report stop() throws InterruptedException {
    stopped = true;
    double seconds = (System.nanoTime() - start) / 1e9;
    for (Future<?> one : running) {
      try {
        one.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException("a writer failed", e.getCause());
      }
    }
    List<Long> sorted = nanos.stream().sorted().toList();
    return new Report(
        sorted.size() / seconds, quantile(sorted, 0.5) / 1000, quantile(sorted, 0.99) / 1000);
  }

  /** Of values in ascending order. */
  static long quantile(List<Long> sorted, double share) {
    return sorted.get((int) Math.min(sorted.size() - 1L, (long) (share * sorted.size())));
  }

  @Override
  public void close() {
    stopped = true;
    threads.shutdownNow();
  }
}
