package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.EmbeddedCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationResult;
import io.reshard.orchestrator.phase.RollbackReport;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.ComparisonReport;
import io.reshard.testkit.ServerOptions;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Java program that reshards, as one would write it. */
@Tag("cluster")
@Tag("long")
class OrchestratorITCase {
  @TempDir Path folder;
  private final List<Phase> told = new ArrayList<>();
  private final AtomicBoolean friday = new AtomicBoolean(true);

  @Test
  void goesThereAndBackAndThereForGood() throws SQLException {
    try (LiveSystem system = LiveSystem.start(1, 200, ServerOptions.fast());
        EmbeddedCluster cluster =
            EmbeddedCluster.start(
                EmbeddedCluster.ANY_PORT,
                folder.resolve("flink"),
                folder.resolve("checkpoints").toUri().toString(),
                1)) {
      Orchestrator orchestrator =
          new Orchestrator(
              system.secrets().control(), () -> cluster, options(), OperationContext.UNTRACED);
      Topology original = system.topology(1, 1);

      Plan first = orchestrator.plan(system.topology(2, 2));
      assertThatThrownBy(() -> orchestrator.execute(first))
          .hasMessageContaining("it is Friday")
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_ABORTED));
      assertThat(told).endsWith(Phase.VERIFYING);
      OperationResult refused = orchestrator.result(first.planId());
      assertThat(refused.success()).isFalse();
      assertThat(refused.finalPhase()).isEqualTo(Phase.FAILED);
      assertThat(refused.error().message()).contains("it is Friday");
      assertThat(refused.rollback().plan()).isEqualTo(first);
      assertThat(refused.rollback().oldTopology().shards()).isEqualTo(original.shards());
      assertThat(refused.rollback().lastCompletedPhase()).isEqualTo(Phase.VERIFYING);

      friday.set(false);
      assertThat(orchestrator.resume(first.planId(), Optional.empty()).phase())
          .isEqualTo(Phase.CLEANING_UP);
      assertThat(orchestrator.progress(first.planId()).steps())
          .allSatisfy(step -> assertThat(step.rowsCopied()).isPositive());
      RollbackReport report = orchestrator.rollback(first.planId());
      assertThat(report.topologyVersion()).isEqualTo(3);
      assertThat(orchestrator.result(first.planId()).success()).isFalse();
      assertThat(orchestrator.result(first.planId()).finalPhase()).isEqualTo(Phase.ROLLED_BACK);

      Plan second = orchestrator.plan(system.topology(4, 2));
      assertThat(orchestrator.execute(second).phase()).isEqualTo(Phase.CLEANING_UP);
      ComparisonReport compared = system.compare(original, second.target());
      assertThat(compared.ownedRowsEqual()).as("%s", compared).isTrue();
      assertThat(orchestrator.complete(second.planId()).phase()).isEqualTo(Phase.COMPLETED);
      OperationResult completed = orchestrator.result(second.planId());
      assertThat(completed.success()).isTrue();
      assertThat(completed.rollback()).isNull();
      assertThat(completed.history())
          .hasSize(7)
          .allSatisfy(one -> assertThat(one.durationMillis()).isNotNegative());
      assertThat(told).endsWith(Phase.CUTTING_OVER, Phase.CLEANING_UP);
      assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(4);
    }
  }

  private ReshardingOptions options() {
    return ReshardingOptions.builder()
        .cutoverTimeout(Duration.ofMinutes(1))
        .onPhaseCompleted(event -> told.add(event.phase()))
        .onCutoverStarting(event -> friday.get() ? Optional.of("it is Friday") : Optional.empty())
        .build();
  }
}
