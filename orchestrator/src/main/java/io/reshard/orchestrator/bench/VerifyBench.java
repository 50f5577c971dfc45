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

  /** One round's figures, by rows. */
  record Round(Meter.Figure product, Meter.Figure bareAggregate) {}

  List<Round> run(Path folder) throws Exception {
    List<Round> results = new ArrayList<>();
    try (BenchShards shards = new BenchShards(rows, 0);
        Product product = new Product(shards, folder);
        Meter meter = new Meter(shards)) {
      product.drive(Phase.REPLICATING);
      // The scans of the peer leave the targets' new rows marked as committed, for both.
      aggregate(shards);
      for (int round = 0; round < rounds; round++) {
        boolean productFirst = round % 2 == 0;
        Meter.Figure own = productFirst ? meter.measure(rows, () -> verify(product)) : null;
        Meter.Figure peer = meter.measure(rows, () -> aggregate(shards));
        results.add(
            new Round(productFirst ? own : meter.measure(rows, () -> verify(product)), peer));
      }
    }
    return results;
  }

  private static void verify(Product product) {
    VerificationReport report = product.verify();
    if (!report.consistent()) {
      throw new IllegalStateException("the sides differ: " + report);
    }
  }

  private static void aggregate(BenchShards shards) throws InterruptedException {
    ExecutorService readers = Executors.newFixedThreadPool(READERS);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int target = 0; target < BenchShards.TARGETS; target++) {
        String database = "target_" + target;
        EmbeddedPostgresServer server = shards.targetServer(target);
        running.add(readers.submit(() -> aggregate(shards, server, database)));
      }
      for (int source = 0; source < BenchShards.SOURCES; source++) {
        String database = BenchShards.sourceDatabase(source);
        EmbeddedPostgresServer server = shards.sourceServer(source);
        running.add(readers.submit(() -> aggregate(shards, server, database)));
      }
      for (Future<?> one : running) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("the bare aggregate failed", e.getCause());
    } finally {
      readers.shutdownNow();
    }
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
}
