package io.reshard.orchestrator.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Writes a mark into one row of each target's share, on its source, and looks on the target until
 * it is there; then, after a random pause, the next mark. Two sessions per target.
 */
final class LagProbe implements AutoCloseable {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long LONGEST_PAUSE_MILLIS = 200;

  /** No load changes this column, and no mark is a row's first value. */
  private static final String MARK = "UPDATE public.item SET kind = ? WHERE id = ?";

  private static final int FIRST_MARK = 1000;

  private final BenchShards shards;
  private final String databases;
  private final ExecutorService threads = Executors.newFixedThreadPool(BenchShards.TARGETS);

  /**
   * A probe.
   *
   * @param databases the targets' names without their numbers
   */
  LagProbe(BenchShards shards, String databases) {
    this.shards = shards;
    this.databases = databases;
  }

  /** The nanoseconds that each mark took, on all targets, of those written within {@code span}. */
  List<Long> observe(Duration span) throws InterruptedException {
    long end = System.nanoTime() + span.toNanos();
    List<Future<List<Long>>> running = new ArrayList<>();
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      int own = target;
      running.add(threads.submit(() -> observe(own, end)));
    }
    List<Long> all = new ArrayList<>();
    try {
      for (Future<List<Long>> one : running) {
        all.addAll(one.get());
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a probe failed", e.getCause());
    }
    return all;
  }

  private List<Long> observe(int target, long end) throws SQLException {
    List<Long> nanos = new ArrayList<>();
    try (Connection source = shards.source(target / BenchShards.TARGETS_PER_SOURCE);
        Connection copy = shards.targetServer(target).connection(databases + target);
        PreparedStatement write = source.prepareStatement(MARK);
        PreparedStatement look =
            copy.prepareStatement("SELECT kind FROM public.item WHERE id = ?")) {
      long id = anyId(copy);
      write.setLong(2, id);
      look.setLong(1, id);
      int mark = Math.max(FIRST_MARK, kind(look));
      while (System.nanoTime() - end < 0) {
        write.setInt(1, ++mark);
        write.executeUpdate();
        long committed = System.nanoTime();
        await(look, mark);
        nanos.add(System.nanoTime() - committed);
        LockSupport.parkNanos(
            TimeUnit.MILLISECONDS.toNanos(
                ThreadLocalRandom.current().nextLong(LONGEST_PAUSE_MILLIS)));
      }
    }
    return nanos;
  }

  private static void await(PreparedStatement look, int mark) throws SQLException {
    long end = System.nanoTime() + Await.PATIENCE.toNanos();
    while (kind(look) != mark) {
      if (System.nanoTime() - end > 0 || Thread.currentThread().isInterrupted()) {
        throw new IllegalStateException("a change did not come to its target");
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private static int kind(PreparedStatement look) throws SQLException {
    try (ResultSet row = look.executeQuery()) {
      // The product replaces a row by deleting it and inserting it, in one transaction.
      row.next();
      return row.getInt(1);
    }
  }

  private static long anyId(Connection copy) throws SQLException {
    try (Statement statement = copy.createStatement();
        ResultSet row = statement.executeQuery("SELECT min(id) FROM public.item")) {
      row.next();
      return row.getLong(1);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
