package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.PendingShards;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.diagnose.Diagnosis;
import io.reshard.orchestrator.diagnose.Diagnosis.Finding;
import io.reshard.orchestrator.diagnose.Diagnostician;
import io.reshard.orchestrator.diagnose.Mend;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.Rollback;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Operations whose driver died in the middle of a switch; the job is played. */
class DiagnoseITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final FencedCutover cutover = new FencedCutover(false);
  private LiveSystem system;
  private Plan plan;
  private OperationContext context;
  private OperationStore store;
  private Diagnostician diagnostician;

  @BeforeEach
  void start() throws SQLException {
    system = LiveSystem.start(1, 200, ServerOptions.fast());
    plan = system.plan(2);
    ReshardingOptions options = ReshardingOptions.builder().cutoverTimeout(PATIENCE).build();
    context =
        new OperationContext(
            plan, system.secrets(), system.control(), options, Optional.empty(), Optional.empty());
    store = new PostgresOperationStore(system.control());
    diagnostician = new Diagnostician(context, cutover);
    Operation operation = NewOperation.create(system.control(), plan, options);
    new PendingShards(plan, system.secrets()).create();
    for (PlannedTable table : plan.tables()) {
      run("shard-1", table.primaryKeyIndex().statement());
    }
    new ChangeCapture(plan, "shard-0", context.endpoint("shard-0")).create(PATIENCE);
    PlayedJob.reportCopy(system, plan);
    for (Phase next :
        List.of(Phase.COPYING, Phase.REPLICATING, Phase.VERIFYING, Phase.CUTTING_OVER)) {
      operation = store.enter(store.complete(operation), next);
    }
  }

  @AfterEach
  void stop() {
    system.close();
  }

  private void run(String shard, String sql) throws SQLException {
    try (Connection connection = context.endpoint(shard).connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void write() throws SQLException {
    run("shard-0", "UPDATE public.orders SET note = 'written' WHERE customer_id < 0");
  }

  /** As a cutover that is killed behind its last step before the switch leaves it. */
  private int fence() throws SQLException {
    CutoverAttempts attempts = new CutoverAttempts(system.control(), plan);
    int attempt = attempts.open();
    try (ShardSessions sessions =
        new ShardSessions(plan, system.secrets()).open(List.of("shard-0", "shard-1"))) {
      CutoverSteps steps =
          new CutoverSteps(
              plan,
              attempt,
              sessions,
              new WriteFence(plan, attempt, sessions, Duration.ofSeconds(1)));
      steps.prepareFence(new Deadline(PATIENCE));
      steps.raiseFence(new Deadline(PATIENCE));
      steps.revokeForwardJob(new Deadline(PATIENCE));
    }
    assertThatThrownBy(this::write).hasMessageContaining("are refused here");
    return attempt;
  }

  private static List<Mend> mends(Diagnosis diagnosis) {
    return diagnosis.findings().stream().map(Finding::mend).distinct().toList();
  }

  @Test
  void givesUpACutoverThatWasKilledBeforeItsSwitch() throws SQLException {
    assertThat(diagnostician.diagnose().findings()).isEmpty();
    fence();
    Diagnosis diagnosis = diagnostician.diagnose();
    assertThat(mends(diagnosis)).containsExactly(Mend.UNDO_SWITCH);
    assertThat(diagnosis.switchAttempt()).isEqualTo(CutoverStatus.OPEN);
    assertThat(diagnosis.shards().get(0).fences()).hasSize(1);
    assertThat(diagnosis.shards().get(1).epochs()).allMatch(Diagnosis.EpochFacts::revoked);

    try (DriverLock driver =
        DriverLock.acquire(system.control().endpoint(), plan.planId(), false)) {
      driver.requireHeld();
      assertThat(diagnostician.diagnose().driver()).isEqualTo(DriverLock.self());
      assertThatThrownBy(() -> diagnostician.repair(diagnosis))
          .isInstanceOf(ReshardingException.class)
          .hasMessageContaining("is being driven by");
    }
    Diagnosis repaired = diagnostician.repair(diagnosis);
    assertThat(repaired.findings()).isEmpty();
    assertThat(repaired.switchAttempt()).isEqualTo(CutoverStatus.ABORTED);
    assertThat(repaired.shards().get(0).fences()).isEmpty();
    assertThat(repaired.shards().get(1).epochs()).noneMatch(Diagnosis.EpochFacts::revoked);
    write();
  }

  @Test
  void dropsTheFenceOfAnAbortedAttempt() throws SQLException {
    new CutoverAttempts(system.control(), plan).abort(fence());
    Diagnosis diagnosis = diagnostician.diagnose();
    assertThat(diagnosis.findings())
        .extracting(Finding::what)
        .contains("shard-0 refuses all writes, though no cutover is under way")
        .contains("the job may not write to shard-1, though the topology has not switched");
    assertThat(diagnostician.repair(diagnosis).findings()).isEmpty();
    write();
  }

  @Test
  void carriesForwardWhatHasSwitched() throws SQLException {
    new CutoverAttempts(system.control(), plan).switchTopology(fence());
    Diagnosis diagnosis = diagnostician.diagnose();
    assertThat(diagnosis.topologyVersion()).isEqualTo(2);
    assertThat(mends(diagnosis)).containsExactly(Mend.FINISH_SWITCH);
    Diagnosis repaired = diagnostician.repair(diagnosis);
    assertThat(repaired.findings()).isEmpty();
    assertThat(repaired.phase()).isEqualTo(Phase.CLEANING_UP);
    assertThat(repaired.shards().get(0).guarded()).isTrue();
    write();
    assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(2);
  }

  @Test
  void findsWhatIsLostAndWhatWasLeftBehind() throws SQLException {
    CaptureRecord capture = new ChangeCapture(plan, "shard-0", context.endpoint("shard-0")).names();
    JobRegistry registry = new JobRegistry(system.control());
    registry.recordCapture(plan.planId(), List.of(capture));
    registry.markPrepared(
        plan.planId(),
        List.of(new CaptureRecord(capture.source(), capture.publication(), capture.slot(), 1L)));
    assertThat(diagnostician.diagnose().findings()).isEmpty();
    run("shard-0", "SELECT pg_drop_replication_slot('" + capture.slot() + "')");
    Diagnosis lost = diagnostician.diagnose();
    assertThat(mends(lost)).containsExactly((Mend) null);
    assertThat(lost.findings().get(0).what()).contains("changes are lost");

    new Rollback(context, cutover).run();
    registry.recordCapture(plan.planId(), List.of(capture));
    Diagnosis left = diagnostician.diagnose();
    assertThat(mends(left)).containsExactly(Mend.DROP_CAPTURES);
    assertThat(diagnostician.repair(left).findings()).isEmpty();
    assertThat(registry.captures(plan.planId())).isEmpty();
  }
}
