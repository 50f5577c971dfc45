package io.reshard.orchestrator.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast rows are copied from 2 shards to 4 new ones, from the submission to the last index,
 * against the initial copy of native logical replication and a raw pipe.
 */
final class CopyBench {
  private final long rows;
  private final BenchTable table;
  private final int rounds;

  CopyBench(long rows, BenchTable table, int rounds) {
    this.rows = rows;
    this.table = table;
    this.rounds = rounds;
  }

  /**
   * One round's figures, by rows.
   *
   * @param perSecond of the product from when its job's first operator ran; the start of an
   *     operation, which {@code product} counts in, takes as long whatever the rows. The peers find
   *     their databases and tables made
   */
  record Round(
      BenchTable table,
      long perSecond,
      Meter.Figure product,
      Meter.Figure logicalReplication,
      Meter.Figure rawPipe) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      try (BenchShards shards = new BenchShards(rows, table);
          Product product = new Product(shards, folder.resolve("round-" + round));
          Meter meter = new Meter(shards)) {
        NativePeer nativePeer = new NativePeer(shards);
        nativePeer.prepare();
        RawPipe rawPipe = new RawPipe(shards);
        rawPipe.prepare();
        CopyTime[] own = new CopyTime[1];
        List<Meter.Work> peers =
            List.of(
                () -> own[0] = CopyTime.measure(shards, product),
                nativePeer::subscribe,
                rawPipe::copy);
        Meter.Figure[] figures = new Meter.Figure[peers.size()];
        // Each goes first in its turn, since the first one finds the source's pages cold.
        for (int turn = 0; turn < figures.length; turn++) {
          int peer = (round + turn) % figures.length;
          shards.checkpoint();
          figures[peer] = meter.measure(rows, peers.get(peer));
          if (peer == 0) {
            // The job would go on replicating beside its peers.
            product.stop();
          }
        }
        results.add(new Round(table, own[0].rowsPerSecond(), figures[0], figures[1], figures[2]));
      }
    }
    return results;
  }
}
