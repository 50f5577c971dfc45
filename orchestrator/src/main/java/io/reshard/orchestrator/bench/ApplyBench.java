package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast a backlog of changes is applied, against native logical replication with one
 * subscription per target. Both drain the same backlog, one after the other, in turns.
 */
final class ApplyBench {
  private static final int HOT_KEYS = 1000;

  private final long rows;
  private final long changes;
  private final int indexes;
  private final int rounds;

  ApplyBench(long rows, long changes, int indexes, int rounds) {
    this.rows = rows;
    this.changes = changes;
    this.indexes = indexes;
    this.rounds = rounds;
  }

  /** One round's figures, in changes per second. */
  record Round(String load, long product, long logicalReplication) {}

  List<Round> run(Path folder) throws SQLException, InterruptedException {
    List<Round> results = new ArrayList<>();
    try (BenchShards shards = new BenchShards(rows, indexes);
        Product product = new Product(shards, folder)) {
      NativePeer peer = new NativePeer(shards);
      peer.subscribe(indexes);
      product.drive(Phase.REPLICATING);
      for (int round = 0; round < rounds; round++) {
        for (boolean hot : List.of(false, true)) {
          results.add(round(shards, product, peer, hot, round % 2 == 0));
        }
      }
    }
    return results;
  }

  private Round round(
      BenchShards shards, Product product, NativePeer peer, boolean hot, boolean productFirst)
      throws SQLException, InterruptedException {
    product.stop();
    peer.enable(false);
    long written = 0;
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      written += write(shards, source, hot);
    }
    long productRate = productFirst ? drain(product, written) : 0;
    long peerRate = drain(peer, written);
    if (!productFirst) {
      productRate = drain(product, written);
    }
    return new Round(hot ? "hot" : "uniform", productRate, peerRate);
  }

  /** Updates of one row each, a hundred (hot: a thousand) to a transaction. */
  private long write(BenchShards shards, int source, boolean hot) throws SQLException {
    long share = changes / BenchShards.SOURCES;
    long written = 0;
    try (Connection connection = shards.source(source);
        Statement statement = connection.createStatement()) {
      statement.execute("SET synchronous_commit = off");
      if (hot) {
        for (long at = 0; at < share; at += HOT_KEYS) {
          written +=
              statement.executeUpdate(
                  "UPDATE public.item SET n = n + 1, changed = now() WHERE id IN"
                      + " (SELECT id FROM public.item ORDER BY id LIMIT "
                      + HOT_KEYS
                      + ")");
        }
        return written;
      }
      long step = 100L * BenchShards.SOURCES;
      for (long from = 1; written < share && from <= rows; from += step) {
        written +=
            statement.executeUpdate(
                "UPDATE public.item SET n = n + 1, changed = now() WHERE id BETWEEN %d AND %d"
                    .formatted(from, from + step - 1));
      }
    }
    return written;
  }

  private static long drain(Product product, long written)
      throws SQLException, InterruptedException {
    long start = System.nanoTime();
    product.resume();
    product.awaitCaughtUp();
    return rate(written, start);
  }

  private static long drain(NativePeer peer, long written) throws SQLException {
    long start = System.nanoTime();
    peer.enable(true);
    peer.awaitCaughtUp();
    return rate(written, start);
  }

  private static long rate(long written, long start) {
    return written * 1_000_000_000L / (System.nanoTime() - start);
  }
}
