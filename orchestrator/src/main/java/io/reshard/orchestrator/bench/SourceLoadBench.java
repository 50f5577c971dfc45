package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What copying and replicating cost the servers of the sources, which have nothing else, and the
 * application that writes to it; against native logical replication. Each has shards of its own.
 */
final class SourceLoadBench {
  private static final int ROWS_PER_TRANSACTION = 10;

  private final long rows;
  private final int rounds;
  private final double changesPerSecond;
  private final Duration span;

  SourceLoadBench(long rows, int rounds, double changesPerSecond, Duration span) {
    this.rows = rows;
    this.rounds = rounds;
    this.changesPerSecond = changesPerSecond;
    this.span = span;
  }

  /**
   * A stretch of time under the application's load.
   *
   * @param extraCpuMillis of the sources' servers: what the application alone would not have cost
   */
  record Stretch(long extraCpuMillis, ChangeLoad.Written application, Meter.Figure figure) {}

  /** The application alone, while rows are copied, and while its changes are replicated. */
  record Side(Stretch alone, Stretch copying, Stretch replicating) {}

  /** One round. */
  record Round(Side product, Side logicalReplication) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      Path own = folder.resolve("round-" + round);
      boolean productFirst = round % 2 == 0;
      Side product = productFirst ? product(own) : null;
      Side peer = logicalReplication();
      results.add(new Round(productFirst ? product : product(own), peer));
    }
    return results;
  }

  private Side product(Path folder) throws SQLException, IOException, InterruptedException {
    try (BenchShards shards = new BenchShards(rows, 0);
        Product product = new Product(shards, folder)) {
      return side(shards, () -> product.drive(Phase.COPYING), product::awaitCaughtUp);
    }
  }

  private Side logicalReplication() throws SQLException, IOException, InterruptedException {
    try (BenchShards shards = new BenchShards(rows, 0)) {
      NativePeer peer = new NativePeer(shards);
      peer.prepare();
      return side(shards, peer::subscribe, peer::awaitCaughtUp);
    }
  }

  private Side side(BenchShards shards, Meter.Work copy, Meter.Work catchUp)
      throws SQLException, IOException, InterruptedException {
    try (Meter meter = new Meter(shards)) {
      Meter.Work wait = () -> Thread.sleep(span.toMillis());
      Stretch alone = stretch(shards, meter, wait, 0);
      double perMilli = (double) alone.figure().sourceCpuMillis() / alone.figure().millis();
      Stretch copying = stretch(shards, meter, copy, perMilli);
      catchUp.run();
      Stretch replicating =
          stretch(
              shards,
              meter,
              () -> {
                wait.run();
                catchUp.run();
              },
              perMilli);
      return new Side(alone, copying, replicating);
    }
  }

  private Stretch stretch(BenchShards shards, Meter meter, Meter.Work work, double alonePerMilli)
      throws SQLException, IOException, InterruptedException {
    try (ChangeLoad load = new ChangeLoad(shards, changesPerSecond, ROWS_PER_TRANSACTION)) {
      Meter.Figure figure = meter.measure(0, work);
      long alone = Math.round(alonePerMilli * figure.millis());
      return new Stretch(figure.sourceCpuMillis() - alone, load.stop(), figure);
    }
  }
}
