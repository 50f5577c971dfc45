package io.reshard.orchestrator.bench;

import io.reshard.core.control.JobPosition;
import io.reshard.orchestrator.demo.ClusterProcesses;
import io.reshard.orchestrator.flink.RestFlinkCluster;
import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * How long the targets are not written when a TaskManager is killed under load. The cluster has two
 * of them with the shipped configuration, so that the other one can take over.
 */
final class RecoveryBench {
  private static final int ROWS_PER_TRANSACTION = 10;
  private static final Duration LEAD = Duration.ofSeconds(12);

  private final long rows;
  private final int rounds;
  private final double changesPerSecond;

  RecoveryBench(long rows, int rounds, double changesPerSecond) {
    this.rows = rows;
    this.rounds = rounds;
    this.changesPerSecond = changesPerSecond;
  }

  /**
   * One kill.
   *
   * @param writingAgainMillis until the frontier of a new attempt was beyond that of the kill
   * @param caughtUpMillis until what was committed before the kill was on its target
   */
  record Round(
      long writingAgainMillis,
      long caughtUpMillis,
      ChangeLoad.Written application,
      Meter.Figure figure) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    try (BenchShards shards = new BenchShards(rows, 0);
        ClusterProcesses processes = ClusterProcesses.start(folder.resolve("cluster"));
        Product product = new Product(shards, folder, cluster(processes, folder));
        Meter meter = new Meter(shards, processes::all)) {
      product.drive(Phase.REPLICATING);
      for (int round = 0; round < rounds; round++) {
        if (round > 0) {
          // A job of its own each time: the wait before a restart doubles with each of one job.
          product.stop();
          product.resume();
        }
        product.awaitCaughtUp();
        results.add(round(shards, processes, product, meter));
        processes.startMissing();
      }
      product.stop();
    }
    return results;
  }

  private static RestFlinkCluster cluster(ClusterProcesses processes, Path folder) {
    return new RestFlinkCluster(
        processes.address(),
        Optional.of(folder.resolve("checkpoints").toUri().toString()),
        Product.PARALLELISM);
  }

  private Round round(BenchShards shards, ClusterProcesses processes, Product product, Meter meter)
      throws SQLException, IOException, InterruptedException {
    long[] writingAgain = new long[1];
    try (ChangeLoad load = new ChangeLoad(shards, changesPerSecond, ROWS_PER_TRANSACTION)) {
      // Longer than between two checkpoints; where between them the kill comes is left to chance.
      Thread.sleep(LEAD.toMillis());
      JobPosition before = product.progress().position();
      ProcessHandle victim = oldest(processes);
      Meter.Figure figure =
          meter.measure(
              0,
              () -> {
                long killed = System.nanoTime();
                ClusterProcesses.kill(victim.pid());
                long mark = product.beat();
                Await.until("the targets are written", () -> movesOn(product, before));
                writingAgain[0] = (System.nanoTime() - killed) / 1_000_000;
                product.awaitFrontier(mark);
              });
      return new Round(writingAgain[0], figure.millis(), load.stop(), figure);
    }
  }

  /** The one that has never been killed, or was not for longest, surely has tasks. */
  private static ProcessHandle oldest(ClusterProcesses processes)
      throws IOException, InterruptedException {
    return processes.taskManagers().stream()
        .map(pid -> ProcessHandle.of(pid).orElseThrow())
        .min(Comparator.comparing(process -> process.info().startInstant().orElseThrow()))
        .orElseThrow();
  }

  private static boolean movesOn(Product product, JobPosition before) {
    JobPosition now = product.progress().position();
    return !now.epoch().equals(before.epoch())
        && now.frontier().isPresent()
        && now.frontier().getAsLong() > before.frontier().orElseThrow();
  }
}
