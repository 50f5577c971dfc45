package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.config.Options;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.EmbeddedCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.WriterOptions;
import io.reshard.testkit.WriterReport;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From two shards to three while the application writes: every phase through the switch. */
class MigrationITCase {
  @TempDir Path checkpoints;

  @Test
  void movesWhatTheNewShardOwnsWhileTheApplicationWrites() throws Exception {
    try (LiveSystem system = LiveSystem.start(2, 20_000);
        EmbeddedCluster cluster = EmbeddedCluster.start(0, checkpoints.toUri().toString(), 2);
        LiveWriter writer = system.write(WriterOptions.defaults().withWritesPerSecond(500))) {
      Plan plan = system.plan(3);
      new OperationStore(system.control()).create(plan, Map.of());
      OperationContext context =
          new OperationContext(
              plan,
              system.secrets(),
              system.control(),
              Options.builder().build(),
              Optional.of(cluster),
              Optional.empty());

      OperationDriver driver = new OperationDriver(context, new FencedCutover());
      assertThat(driver.drive(Optional.empty()).phase()).isEqualTo(Phase.CLEANING_UP);

      WriterReport report = writer.stop();
      HistoryReport history = system.check(writer.history(), plan.target());
      assertThat(history.consistent()).as("%s", history).isTrue();
      System.out.println(driver.cutoverReport() + " " + report);
    }
  }
}
