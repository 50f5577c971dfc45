package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How long a change takes from its commit to its target under a steady load, and what the load's
 * own transactions take, with nothing that replicates, the product, and native logical replication.
 */
final class LagBench {
  private static final int PER_SOURCE = BenchShards.TARGETS / BenchShards.SOURCES;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final long rows;
  private final double changesPerSecond;
  private final long seconds;
  private final int rounds;

  LagBench(long rows, double changesPerSecond, long seconds, int rounds) {
    this.rows = rows;
    this.changesPerSecond = changesPerSecond;
    this.seconds = seconds;
    this.rounds = rounds;
  }

  /**
   * What was seen for some seconds.
   *
   * @param replication {@code none}, {@code product} or {@code logicalReplication}
   * @param lagMedianMillis from the commit on the source until the row is seen on its target; null
   *     with none, as is {@code lagP99Millis}
   */
  record Round(
      String replication,
      SteadyWriters.Report transactions,
      Meter.Figure figure,
      Long lagMedianMillis,
      Long lagP99Millis) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    try (BenchShards shards = new BenchShards(rows, 0);
        Product product = new Product(shards, folder);
        Meter meter = new Meter(shards)) {
      NativePeer peer = new NativePeer(shards);
      peer.subscribe();
      peer.enable(false);
      product.drive(Phase.REPLICATING);
      for (int round = 0; round < rounds; round++) {
        results.add(observe(shards, meter, "product", "target_"));
        product.stop();
        results.add(observe(shards, meter, "none", null));
        peer.enable(true);
        peer.awaitCaughtUp();
        results.add(observe(shards, meter, "logicalReplication", "peer_"));
        peer.enable(false);
        product.resume();
        product.awaitCaughtUp();
      }
    }
    return results;
  }

  private Round observe(BenchShards shards, Meter meter, String replication, String targets)
      throws SQLException, IOException, InterruptedException {
    List<Long> lags = new ArrayList<>();
    try (SteadyWriters writers = SteadyWriters.start(shards, changesPerSecond)) {
      Meter.Figure figure =
          meter.measure(
              (long) (changesPerSecond * seconds), () -> lags.addAll(probe(shards, targets)));
      SteadyWriters.Report report = writers.stop();
      List<Long> sorted = lags.stream().sorted().toList();
      return new Round(
          replication,
          report,
          figure,
          sorted.isEmpty() ? null : millis(SteadyWriters.quantile(sorted, 0.5)),
          sorted.isEmpty() ? null : millis(SteadyWriters.quantile(sorted, 0.99)));
    }
  }

  private static long millis(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(nanos);
  }

  /** Marks a row of each target in turn, for as long as the load runs. */
  private List<Long> probe(BenchShards shards, String targets) throws SQLException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    if (targets == null) {
      LockSupport.parkNanos(end - System.nanoTime());
      return List.of();
    }
    List<Probe> probes = new ArrayList<>();
    try {
      for (int target = 0; target < BenchShards.TARGETS; target++) {
        probes.add(
            new Probe(
                shards.source(target / PER_SOURCE),
                shards.targetServer(target).connection(targets + target)));
      }
      List<Long> lags = new ArrayList<>();
      for (int turn = 0; System.nanoTime() < end; turn++) {
        lags.add(probes.get(turn % probes.size()).lagNanos(turn));
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      return lags;
    } finally {
      for (Probe probe : probes) {
        probe.close();
      }
    }
  }

  /** One row on a source and on its target. */
  private record Probe(Connection source, Connection target, long id) {
    Probe(Connection source, Connection target) throws SQLException {
      this(source, target, anyRow(target));
    }

    private static long anyRow(Connection target) throws SQLException {
      try (Statement statement = target.createStatement();
          ResultSet row = statement.executeQuery("SELECT max(id) FROM public.item")) {
        row.next();
        return row.getLong(1);
      }
    }

    long lagNanos(int turn) throws SQLException {
      String mark = "mark " + turn + " " + System.nanoTime();
      try (PreparedStatement update =
          source.prepareStatement("UPDATE public.item SET note = ? WHERE id = ?")) {
        update.setString(1, mark);
        update.setLong(2, id);
        update.executeUpdate();
      }
      long committed = System.nanoTime();
      try (PreparedStatement query =
          target.prepareStatement("SELECT note FROM public.item WHERE id = ?")) {
        query.setLong(1, id);
        while (!mark.equals(note(query))) {
          if (System.nanoTime() - committed > PATIENCE_NANOS) {
            throw new IllegalStateException("a change did not arrive");
          }
          LockSupport.parkNanos(POLL_NANOS);
        }
      }
      return System.nanoTime() - committed;
    }

    private static String note(PreparedStatement query) throws SQLException {
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getString(1) : null;
      }
    }

    void close() throws SQLException {
      source.close();
      target.close();
    }
  }
}
