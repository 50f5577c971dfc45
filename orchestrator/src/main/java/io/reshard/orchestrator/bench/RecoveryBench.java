package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.demo.ClusterProcesses;
import io.reshard.orchestrator.flink.RestFlinkCluster;
import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * How long nothing is written to the targets when a TaskManager is killed, on a cluster of
 * processes with the configuration that is shipped: from the kill to the moment when a change that
 * was committed after it is on its target.
 */
final class RecoveryBench {
  private static final double CHANGES_PER_SECOND = 200;

  private final long rows;
  private final int rounds;

  RecoveryBench(long rows, int rounds) {
    this.rows = rows;
    this.rounds = rounds;
  }

  /** One kill. */
  record Round(long recoveredMillis) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    SplittableRandom random = new SplittableRandom();
    try (BenchShards shards = new BenchShards(rows, 0);
        ClusterProcesses processes = ClusterProcesses.start(folder.resolve("cluster"));
        Product product =
            new Product(
                shards,
                folder,
                new RestFlinkCluster(processes.address(), Optional.empty(), Product.PARALLELISM))) {
      product.drive(Phase.REPLICATING);
      try (SteadyWriters writers = SteadyWriters.start(shards, CHANGES_PER_SECOND)) {
        for (int round = 0; round < rounds; round++) {
          product.awaitCaughtUp();
          List<Long> alive = processes.taskManagers();
          long start = System.nanoTime();
          ClusterProcesses.kill(alive.get(random.nextInt(alive.size())));
          processes.startMissing();
          product.awaitCaughtUp();
          results.add(new Round((System.nanoTime() - start) / 1_000_000));
        }
        writers.stop();
      }
      product.stop();
    }
    return results;
  }
}
