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
  private static final int ROWS_PER_TRANSACTION = 100;

  /** Changes of one row each. */
  enum Load {
    /** Updates of each row once. */
    UNIFORM,
    /** Updates of the same {@value #HOT_KEYS} rows of each source again and again. */
    HOT,
    INSERTS,
    /** Of the rows that were inserted before. */
    DELETES
  }

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

  /**
   * One round's figures, by changes.
   *
   * @param perSecond of the product from when its job's first operator ran; the start of a job,
   *     which {@code product} counts in, takes as long whatever it has to do
   */
  record Round(
      Load load,
      int indexes,
      long perSecond,
      Meter.Figure product,
      Meter.Figure logicalReplication) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    try (BenchShards shards = new BenchShards(rows, indexes);
        Product product = new Product(shards, folder);
        Meter meter = new Meter(shards)) {
      NativePeer peer = new NativePeer(shards);
      peer.prepare();
      peer.subscribe();
      product.drive(Phase.REPLICATING);
      for (int round = 0; round < rounds; round++) {
        for (Load load : Load.values()) {
          results.add(round(shards, meter, product, peer, load, round % 2 == 0));
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
      Load load,
      boolean productFirst)
      throws SQLException, IOException, InterruptedException {
    product.stop();
    peer.enable(false);
    long written = 0;
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      written += write(shards, source, load);
    }
    long[] millis = new long[1];
    Meter.Work own = () -> millis[0] = product.drainMillis();
    shards.checkpoint();
    Meter.Figure first = meter.measure(written, productFirst ? own : () -> drain(peer));
    shards.checkpoint();
    Meter.Figure second = meter.measure(written, productFirst ? () -> drain(peer) : own);
    return new Round(
        load,
        indexes,
        written * 1000 / millis[0],
        productFirst ? first : second,
        productFirst ? second : first);
  }

  /** Changes of one row each, a hundred (hot: a thousand) to a transaction. */
  private long write(BenchShards shards, int source, Load load) throws SQLException {
    long share = changes / BenchShards.SOURCES;
    return switch (load) {
      case UNIFORM -> updateEach(shards, source, share);
      case HOT -> updateHot(shards, source, share);
      case INSERTS -> insert(shards, source);
      case DELETES -> delete(shards, source);
    };
  }

  private static long updateHot(BenchShards shards, int source, long changes) throws SQLException {
    long written = 0;
    try (Connection connection = shards.source(source);
        Statement statement = connection.createStatement()) {
      statement.execute("SET synchronous_commit = off");
      while (written < changes) {
        written +=
            statement.executeUpdate(
                "UPDATE public.item SET n = n + 1, changed = now() WHERE id IN"
                    + " (SELECT id FROM public.item ORDER BY id LIMIT "
                    + HOT_KEYS
                    + ")");
      }
    }
    return written;
  }

  /** Rows with numbers beyond those that were loaded. */
  private long insert(BenchShards shards, int source) throws SQLException {
    return inSteps(
        shards,
        source,
        rows,
        rows + changes,
        (from, to) -> shards.table().load(from, to, shards.range(source)));
  }

  private long delete(BenchShards shards, int source) throws SQLException {
    return inSteps(
        shards,
        source,
        rows,
        rows + changes,
        (from, to) -> "DELETE FROM public.item WHERE id BETWEEN %d AND %d".formatted(from + 1, to));
  }

  /** Updates each row of all sources once, about a hundred to a transaction; returns how many. */
  static long updateEach(BenchShards shards) throws SQLException {
    long written = 0;
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      written += updateEach(shards, source, shards.rows());
    }
    return written;
  }

  private static long updateEach(BenchShards shards, int source, long changes) throws SQLException {
    return inSteps(
        shards,
        source,
        0,
        Math.min(changes, shards.rows() / BenchShards.SOURCES) * BenchShards.SOURCES,
        (from, to) ->
            "UPDATE public.item SET n = n + 1, changed = now() WHERE id BETWEEN %d AND %d"
                .formatted(from + 1, to));
  }

  /** The statement for the rows with numbers from {@code from}, exclusive, to {@code to}. */
  @FunctionalInterface
  private interface Step {
    String sql(long from, long to);
  }

  private static long inSteps(BenchShards shards, int source, long begin, long end, Step step)
      throws SQLException {
    long written = 0;
    long width = (long) ROWS_PER_TRANSACTION * BenchShards.SOURCES;
    try (Connection connection = shards.source(source);
        Statement statement = connection.createStatement()) {
      statement.execute("SET synchronous_commit = off");
      for (long from = begin; from < end; from += width) {
        written += statement.executeUpdate(step.sql(from, Math.min(end, from + width)));
      }
    }
    return written;
  }

  private static void drain(NativePeer peer)
      throws SQLException, IOException, InterruptedException {
    peer.enable(true);
    peer.awaitCaughtUp();
  }
}
