package io.reshard.orchestrator.bench;

import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.demo.ObservedCutover;
import io.reshard.orchestrator.flink.EmbeddedCluster;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.WriterOptions;
import io.reshard.testkit.WriterReport;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** How long writers wait at the switch from 2 to 4 shards; each round on shards of its own. */
final class WindowBench {
  private static final long ORDERS = 10_000;
  private static final int PARALLELISM = 2;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final int rounds;
  private final WriterOptions load;

  WindowBench(int rounds, int writers, double writesPerSecond) {
    this.rounds = rounds;
    this.load = WriterOptions.defaults().withWriters(writers).withWritesPerSecond(writesPerSecond);
  }

  /**
   * One switch.
   *
   * @param windowMillis as the switch measured it
   * @param longestWaitMillis of a write, as the writers felt it
   * @param transactionsPerSecond of all writers, from their start to their end
   * @param rowsPerSecond that these transactions wrote
   * @param figure from the plan to the switch
   * @param equal whether every row is what the writers know they wrote
   */
  record Round(
      long windowMillis,
      long drainMillis,
      long longestWaitMillis,
      long transactionsPerSecond,
      long rowsPerSecond,
      Meter.Figure figure,
      boolean equal) {}

  List<Round> run(Path folder) throws SQLException, IOException, InterruptedException {
    List<Round> results = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      Path own = folder.resolve("round-" + round);
      try (EmbeddedCluster cluster =
              EmbeddedCluster.start(
                  EmbeddedCluster.ANY_PORT,
                  own.resolve("flink"),
                  own.resolve("checkpoints").toUri().toString(),
                  PARALLELISM);
          LiveSystem system = LiveSystem.start(2, ORDERS);
          Meter meter = new Meter(List.of(system.server("node-1"), system.server("node-2")), 0);
          LiveWriter writer = system.write(load)) {
        results.add(round(system, cluster, meter, writer));
      }
    }
    return results;
  }

  private static Round round(
      LiveSystem system, EmbeddedCluster cluster, Meter meter, LiveWriter writer)
      throws SQLException, IOException, InterruptedException {
    Plan plan = system.plan(4);
    ReshardingOptions options = ReshardingOptions.builder().cutoverTimeout(PATIENCE).build();
    NewOperation.create(system.control(), plan, options);
    OperationContext context =
        new OperationContext(
            plan,
            system.secrets(),
            system.control(),
            options,
            Optional.of(cluster),
            Optional.empty());
    OperationDriver driver =
        new OperationDriver(context, new ObservedCutover(new FencedCutover(), writer));
    Meter.Figure figure = meter.measure(0, () -> driver.drive(Optional.empty()));
    var switched = driver.cutoverReport().orElseThrow();
    WriterReport written = writer.stop();
    return new Round(
        switched.readOnlyMillis(),
        switched.drainMillis(),
        written.windowMillis(),
        Math.round(written.writes() / written.elapsedSeconds()),
        Math.round(written.rowsWritten() / written.elapsedSeconds()),
        figure,
        system.check(writer.history(), plan.target()).consistent());
  }
}
