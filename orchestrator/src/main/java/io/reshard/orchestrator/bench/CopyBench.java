package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast rows are copied from 2 shards to 4 new ones, primary keys and all, against the initial
 * copy of native logical replication; scripts/bench/copy.sh has the raw pipe.
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
  record Round(long product, long logicalReplication) {}

  List<Round> run(Path folder) throws SQLException {
    List<Round> results = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      try (BenchShards shards = new BenchShards(rows, indexes);
          Product product = new Product(shards, folder.resolve("round-" + round))) {
        NativePeer peer = new NativePeer(shards);
        long productRate = round % 2 == 0 ? copy(product) : 0;
        long peerRate = copy(peer);
        if (round % 2 != 0) {
          productRate = copy(product);
        }
        results.add(new Round(productRate, peerRate));
      }
    }
    return results;
  }

  private long copy(Product product) {
    long start = System.nanoTime();
    product.drive(Phase.COPYING);
    return rate(start);
  }

  private long copy(NativePeer peer) throws SQLException {
    long start = System.nanoTime();
    peer.subscribe(indexes);
    return rate(start);
  }

  private long rate(long start) {
    return rows * 1_000_000_000L / (System.nanoTime() - start);
  }
}
