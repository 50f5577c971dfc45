package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How long a committed change takes to its target while rows change at half of the rate that the
 * product can bear at most; the same for native logical replication at the same rate.
 */
final class LagBench {
  private static final int ROWS_PER_TRANSACTION = 100;

  private final long rows;
  private final int rounds;
  private final Duration span;

  LagBench(long rows, int rounds, Duration span) {
    this.rows = rows;
    this.rounds = rounds;
    this.span = span;
  }

  /**
   * What was seen at one rate.
   *
   * @param millis from the return of a commit until the change is seen on its target; waits of up
   *     to 2 ms between two looks included
   */
  record Lag(Quantiles millis, ChangeLoad.Written application, Meter.Figure figure) {}

  /**
   * One round.
   *
   * @param maximumPerSecond changes that the product drained of a backlog, without its start
   */
  record Round(long maximumPerSecond, Lag product, Lag logicalReplication) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    try (BenchShards shards = new BenchShards(rows, 0);
        Product product = new Product(shards, folder);
        Meter meter = new Meter(shards)) {
      NativePeer peer = new NativePeer(shards);
      peer.prepare();
      peer.subscribe();
      product.drive(Phase.REPLICATING);
      for (int round = 0; round < rounds; round++) {
        peer.enable(false);
        product.stop();
        long written = ApplyBench.updateEach(shards);
        long maximum = written * 1000 / product.drainMillis();
        Lag own = lag(shards, meter, maximum / 2, "target_");
        product.stop();
        peer.enable(true);
        peer.awaitCaughtUp();
        results.add(new Round(maximum, own, lag(shards, meter, maximum / 2, "peer_")));
        product.resume();
        product.awaitCaughtUp();
      }
    }
    return results;
  }

  private Lag lag(BenchShards shards, Meter meter, long changesPerSecond, String databases)
      throws SQLException, IOException, InterruptedException {
    List<Long> lags = new ArrayList<>();
    try (ChangeLoad load = new ChangeLoad(shards, changesPerSecond, ROWS_PER_TRANSACTION);
        LagProbe probe = new LagProbe(shards, databases)) {
      Meter.Figure figure =
          meter.measure(
              changesPerSecond * span.toSeconds(), () -> lags.addAll(probe.observe(span)));
      return new Lag(Quantiles.ofNanos(lags), load.stop(), figure);
    }
  }
}
