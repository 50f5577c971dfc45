package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
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

  /** One round's figures, by changes. */
  record Round(String load, Meter.Figure product, Meter.Figure logicalReplication) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    try (BenchShards shards = new BenchShards(rows, indexes);
        Product product = new Product(shards, folder);
        Meter meter = new Meter(shards)) {
      NativePeer peer = new NativePeer(shards);
      peer.subscribe();
      product.drive(Phase.REPLICATING);
      for (int round = 0; round < rounds; round++) {
        for (boolean hot : List.of(false, true)) {
          results.add(round(shards, meter, product, peer, hot, round % 2 == 0));
        }
      }
    }
    return results;
  }

  private Round round(
      BenchShards shards,
      Meter meter,
      Product product,
      NativePeer peer,
      boolean hot,
      boolean productFirst)
      throws SQLException, IOException, InterruptedException {
    product.stop();
    peer.enable(false);
    long written = 0;
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      written += write(shards, source, hot);
    }
    Meter.Figure own = productFirst ? meter.measure(written, () -> drain(product)) : null;
    Meter.Figure others = meter.measure(written, () -> drain(peer));
    if (!productFirst) {
      own = meter.measure(written, () -> drain(product));
    }
    return new Round(hot ? "hot" : "uniform", own, others);
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
    }
    return updateEach(shards, source, share);
  }

  /** Updates each row of all sources once, about a hundred to a transaction; returns how many. */
  static long updateEach(BenchShards shards) throws SQLException {
    long written = 0;
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      written += updateEach(shards, source, Long.MAX_VALUE);
    }
    return written;
  }

  private static long updateEach(BenchShards shards, int source, long changes) throws SQLException {
    long written = 0;
    long step = 100L * BenchShards.SOURCES;
    try (Connection connection = shards.source(source);
        Statement statement = connection.createStatement()) {
      statement.execute("SET synchronous_commit = off");
      for (long from = 1; written < changes && from <= shards.rows(); from += step) {
        written +=
            statement.executeUpdate(
                "UPDATE public.item SET n = n + 1, changed = now() WHERE id BETWEEN %d AND %d"
                    .formatted(from, from + step - 1));
      }
    }
    return written;
  }

  private static void drain(Product product) throws SQLException, InterruptedException {
    product.resume();
    product.awaitCaughtUp();
  }

  private static void drain(NativePeer peer)
      throws SQLException, IOException, InterruptedException {
    peer.enable(true);
    peer.awaitCaughtUp();
  }
}
