package io.reshard.orchestrator.bench;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.plan.PlannedTable;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.EmbeddedPostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How fast both sides are verified, submission and all, against the bare aggregate: one statement
 * per shard that counts its rows and sums their hashes, as many at a time as the job has readers.
 */
final class VerifyBench {
  private static final int READERS = 2 * Product.PARALLELISM;

  private final long rows;
  private final int rounds;

  VerifyBench(long rows, int rounds) {
    this.rows = rows;
    this.rounds = rounds;
  }

  /** One round's figures, in rows per second. */
  record Round(long product, long bareAggregate) {}

  List<Round> run(Path folder) throws Exception {
    List<Round> results = new ArrayList<>();
    try (BenchShards shards = new BenchShards(rows, 0);
        Product product = new Product(shards, folder)) {
      product.drive(Phase.REPLICATING);
      // The scans of the peer leave the targets' new rows marked as committed, for both.
      aggregate(shards);
      for (int round = 0; round < rounds; round++) {
        long peer = round % 2 == 0 ? 0 : timed(() -> aggregate(shards));
        long own = timed(() -> verify(product));
        results.add(new Round(own, round % 2 == 0 ? timed(() -> aggregate(shards)) : peer));
      }
    }
    return results;
  }

  private static Void verify(Product product) {
    VerificationReport report = product.verify();
    if (!report.consistent()) {
      throw new IllegalStateException("the sides differ: " + report);
    }
    return null;
  }

  private static Void aggregate(BenchShards shards) throws Exception {
    ExecutorService readers = Executors.newFixedThreadPool(READERS);
    try {
      List<Future<Void>> running = new ArrayList<>();
      for (int target = 0; target < BenchShards.TARGETS; target++) {
        String database = "target_" + target;
        EmbeddedPostgresServer server = shards.targetServer(target);
        running.add(readers.submit(() -> aggregate(shards, server, database)));
      }
      for (int source = 0; source < BenchShards.SOURCES; source++) {
        String database = "source_" + source;
        EmbeddedPostgresServer server = shards.sourceServer(source);
        running.add(readers.submit(() -> aggregate(shards, server, database)));
      }
      for (Future<Void> one : running) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("the bare aggregate failed", e.getCause());
    } finally {
      readers.shutdownNow();
    }
    return null;
  }

  private static Void aggregate(BenchShards shards, EmbeddedPostgresServer server, String database)
      throws SQLException {
    PlannedTable table = shards.plan().tables().get(0);
    try (Connection connection = server.connection(database);
        Statement statement = connection.createStatement()) {
      statement.execute(RowHash.SESSION + "SET max_parallel_workers_per_gather = 0; SET jit = off");
      statement.execute(
          "SELECT count(*), sum(%s) FROM %s t"
              .formatted(RowHash.ofRow(table, "t"), table.quotedName()));
    }
    return null;
  }

  private long timed(Callable<Void> work) throws Exception {
    long start = System.nanoTime();
    work.call();
    return rows * 1_000_000_000L / (System.nanoTime() - start);
  }
}
