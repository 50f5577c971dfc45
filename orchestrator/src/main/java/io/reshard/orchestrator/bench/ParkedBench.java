package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.flink.JobStatistics.Checkpoint;
import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * How fast keys are released that changed while their table was copied, against the same changes as
 * a backlog; and whether checkpoints complete meanwhile.
 */
final class ParkedBench {
  private final long rows;
  private final int rounds;

  ParkedBench(long rows, int rounds) {
    this.rows = rows;
    this.rounds = rounds;
  }

  /**
   * One round.
   *
   * @param parkedKeys how many were parked, each changed once
   * @param releasedPerSecond from when the table was open until all were on their targets
   * @param release from the last copied row on, so with the building of primary keys
   * @param appliedPerSecond the same changes as a backlog, from when the job ran
   * @param checkpointsCompleted of those that were begun during the release
   */
  record Round(
      long parkedKeys,
      long releasedPerSecond,
      Meter.Figure release,
      long appliedPerSecond,
      long checkpointsCompleted,
      long checkpointsFailed,
      long longestCheckpointMillis) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      try (BenchShards shards = new BenchShards(rows, 0);
          Product product = new Product(shards, folder.resolve("round-" + round));
          Meter meter = new Meter(shards)) {
        results.add(round(shards, product, meter));
      }
    }
    return results;
  }

  private static Round round(BenchShards shards, Product product, Meter meter)
      throws SQLException, IOException, InterruptedException {
    product.holdCopy(true);
    CompletableFuture<Void> copy = CompletableFuture.runAsync(() -> product.drive(Phase.COPYING));
    Await.until("changes flow", () -> running(copy) && product.progress().frontier().isPresent());
    long parked = ApplyBench.updateEach(shards);
    awaitInCheckpoint(shards, copy);
    product.holdCopy(false);
    Await.until("all rows are copied", () -> running(copy) && copied(product) == shards.rows());
    try (CheckpointWatch watch = new CheckpointWatch(product.statistics())) {
      Instant[] open = new Instant[1];
      Meter.Figure release =
          meter.measure(
              parked,
              () -> {
                Await.until(
                    "the table is open", () -> !product.progress().completedTables().isEmpty());
                open[0] = Instant.now();
                product.awaitCaughtUp();
              });
      Instant end = Instant.now();
      List<Checkpoint> checkpoints = watch.begunBetween(open[0], end);
      copy.join();
      product.stop();
      long applied = ApplyBench.updateEach(shards) * 1000 / product.drainMillis();
      return new Round(
          parked,
          parked * 1000 / Math.max(1, Duration.between(open[0], end).toMillis()),
          release,
          applied,
          checkpoints.stream().filter(Checkpoint::completed).count(),
          checkpoints.stream().filter(one -> !one.completed()).count(),
          checkpoints.stream().mapToLong(ParkedBench::millis).max().orElse(0));
    }
  }

  private static long millis(Checkpoint checkpoint) {
    return Duration.between(checkpoint.begun(), checkpoint.ended()).toMillis();
  }

  /** Always true; throws what the copy failed with. */
  private static boolean running(CompletableFuture<Void> copy) {
    copy.getNow(null);
    return true;
  }

  private static long copied(Product product) {
    return product.progress().copiedRows().values().stream().mapToLong(Long::longValue).sum();
  }

  /** A checkpoint that holds every key that has changed until now. */
  private static void awaitInCheckpoint(BenchShards shards, CompletableFuture<Void> copy)
      throws SQLException, IOException, InterruptedException {
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      int own = source;
      String database = BenchShards.sourceDatabase(source);
      String written =
          BenchShards.value(shards.sourceServer(source), database, "SELECT pg_current_wal_lsn()");
      String confirmed =
          "SELECT bool_and(confirmed_flush_lsn >= '"
              + written
              + "') FROM pg_replication_slots WHERE database = current_database()";
      Await.until(
          "a checkpoint of parked keys",
          () ->
              running(copy)
                  && "t".equals(BenchShards.value(shards.sourceServer(own), database, confirmed)));
    }
  }
}
