package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
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
  private final int indexes;
  private final int rounds;

  CopyBench(long rows, int indexes, int rounds) {
    this.rows = rows;
    this.indexes = indexes;
    this.rounds = rounds;
  }

  /** One round's figures, in rows per second. */
  record Round(long product, long logicalReplication, long rawPipe) {}

  /** One way to copy all rows. */
  @FunctionalInterface
  private interface Copy {
    void run() throws SQLException, IOException, InterruptedException;
  }

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      try (BenchShards shards = new BenchShards(rows, indexes);
          Product product = new Product(shards, folder.resolve("round-" + round))) {
        List<Copy> peers =
            List.of(
                () -> product.drive(Phase.COPYING),
                () -> new NativePeer(shards).subscribe(indexes),
                () -> new RawPipe(shards).copy(indexes));
        long[] rates = new long[peers.size()];
        // Each goes first in its turn, since the first one finds the source's pages cold.
        for (int turn = 0; turn < rates.length; turn++) {
          int peer = (round + turn) % rates.length;
          rates[peer] = rate(peers.get(peer));
        }
        results.add(new Round(rates[0], rates[1], rates[2]));
      }
    }
    return results;
  }

  private long rate(Copy copy) throws SQLException, IOException, InterruptedException {
    long start = System.nanoTime();
    copy.run();
    return rows * 1_000_000_000L / (System.nanoTime() - start);
  }
}
