package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.PreflightFinding;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.flink.EmbeddedCluster;
import io.reshard.orchestrator.phase.CleanUp;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A schema with everything that is supported, split and merged and split again. */
@Tag("long")
@Tag("cluster")
class EveryFeatureITCase {
  private static final int[] COUNTS_OF_SHARDS = {4, 3, 1, 2};

  @TempDir Path folder;

  @Test
  void goesThroughEveryNumberOfShardsAndBack() throws Exception {
    String checkpoints = folder.resolve("checkpoints").toUri().toString();
    try (FeatureShards shards = FeatureShards.start();
        EmbeddedCluster cluster =
            EmbeddedCluster.start(
                EmbeddedCluster.ANY_PORT, folder.resolve("flink"), checkpoints, 2)) {
      assertThat(shards.differences()).isEmpty();
      for (int count : COUNTS_OF_SHARDS) {
        reshard(shards, cluster, count);
        assertThat(shards.differences()).as("with %s shards", count).isEmpty();
      }
    }
  }

  private static void reshard(FeatureShards shards, EmbeddedCluster cluster, int count)
      throws Exception {
    Plan plan = shards.plan(count);
    assertThat(plan.preflight()).allMatch(PreflightFinding::ok);
    // What goes the one way and the other; both have hstore, infinity and years before Christ.
    assertThat(plan.tables())
        .filteredOn(table -> !table.binaryCopy())
        .extracting(PlannedTable::name)
        .containsExactly("everything");
    if (plan.source().version() == 1) {
      // Later a shard's share of the table is too small to be cut.
      assertThat(plan.splits())
          .as("splits whose bounds are in the order of the collation")
          .filteredOn(split -> plan.tables().get(split.table()).name().equals("by_german"))
          .anyMatch(split -> split.lower() != null);
    }
    new PostgresOperationStore(shards.control()).create(plan, Map.of());
    OperationContext context =
        new OperationContext(
            plan,
            shards.secrets(),
            shards.control(),
            ReshardingOptions.builder().build(),
            Optional.of(cluster),
            Optional.empty());
    OperationDriver driver = new OperationDriver(context, new FencedCutover());
    driver.drive(Optional.of(Phase.COPYING));
    shards.write();
    driver.drive(Optional.empty());
    assertThat(new CleanUp(context, new FencedCutover()).run().phase()).isEqualTo(Phase.COMPLETED);
    shards.dropRetired();
  }
}
