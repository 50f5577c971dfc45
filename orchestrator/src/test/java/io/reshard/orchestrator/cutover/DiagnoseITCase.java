package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.CaptureRegistry;
import io.reshard.core.control.CaptureTurn;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.ChangeCaptures;
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
    ChangeCaptures captures = new ChangeCaptures(plan, system.secrets(), system.control());
    captures.begin(CaptureTurn.ofSubmission(1));
    captures.make(CaptureTurn.ofSubmission(1), PATIENCE);
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
    write("shard-0");
  }

  private void write(String shard) throws SQLException {
    run(shard, "UPDATE public.orders SET note = 'written' WHERE customer_id < 0");
  }

  /** As a cutover that is killed behind its last step before the switch leaves it. */
  private int fence() throws SQLException {
    int attempt = fence(plan);
    assertThatThrownBy(this::write).hasMessageContaining("are refused here");
    return attempt;
  }

  private int fence(Plan switched) throws SQLException {
    int attempt = new CutoverAttempts(system.control(), switched).open();
    try (ShardSessions sessions =
        new ShardSessions(switched, system.secrets()).open(List.of("shard-0", "shard-1"))) {
      CutoverSteps steps =
          new CutoverSteps(
              switched,
              attempt,
              sessions,
              new WriteFence(switched, attempt, sessions, Duration.ofSeconds(1)));
      steps.prepareFence(new Deadline(PATIENCE));
      steps.raiseFence(new Deadline(PATIENCE));
      steps.revokeForwardJob(new Deadline(PATIENCE));
    }
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
    Diagnosis without = diagnostician.diagnose();
    assertThat(mends(without)).containsExactlyInAnyOrder(Mend.FINISH_SWITCH, null);
    assertThat(without.findings())
        .extracting(Finding::what)
        .contains("no change capture is recorded on shard-1: there is no way back");
    captureWayBack();
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

  private void captureWayBack() {
    ChangeCaptures captures =
        new ChangeCaptures(plan.reversed(), system.secrets(), system.control());
    captures.begin(CaptureTurn.ofCutover(1));
    captures.make(CaptureTurn.ofCutover(1), PATIENCE);
  }

  /** As a rollback after the switch that is killed behind its last step before it switches. */
  private int fenceBack() throws SQLException {
    new CutoverAttempts(system.control(), plan).switchTopology(fence());
    captureWayBack();
    diagnostician.repair(diagnostician.diagnose());
    assertThat(diagnostician.diagnose().findings()).isEmpty();
    int attempt = fence(plan.reversed());
    assertThatThrownBy(() -> write("shard-1")).hasMessageContaining("are refused here");
    return attempt;
  }

  @Test
  void givesUpARollbackThatWasKilledBeforeItsSwitch() throws SQLException {
    fenceBack();
    Diagnosis diagnosis = diagnostician.diagnose();
    assertThat(mends(diagnosis)).containsExactly(Mend.UNDO_ROLLBACK);
    assertThat(diagnosis.rollbackAttempt()).isEqualTo(CutoverStatus.OPEN);
    assertThat(diagnosis.shards().get(1).backFences()).hasSize(1);

    Diagnosis repaired = diagnostician.repair(diagnosis);
    assertThat(repaired.findings()).isEmpty();
    assertThat(repaired.rollbackAttempt()).isEqualTo(CutoverStatus.ABORTED);
    assertThat(repaired.phase()).isEqualTo(Phase.CLEANING_UP);
    assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(2);
    write("shard-1");
  }

  @Test
  void carriesForwardARollbackThatHasSwitched() throws SQLException {
    new CutoverAttempts(system.control(), plan.reversed()).switchTopology(fenceBack());
    Diagnosis diagnosis = diagnostician.diagnose();
    assertThat(mends(diagnosis)).contains(Mend.FINISH_ROLLBACK);
    assertThat(diagnosis.rollbackAttempt()).isEqualTo(CutoverStatus.SWITCHED);

    Diagnosis repaired = diagnostician.repair(diagnosis);
    assertThat(repaired.findings()).isEmpty();
    assertThat(repaired.phase()).isEqualTo(Phase.ROLLED_BACK);
    assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(3);
    assertThat(repaired.shards().get(0).slots()).isEmpty();
    write();
  }

  @Test
  void dropsASlotThatNoRecordNames() throws SQLException {
    run(
        "shard-0",
        "SELECT pg_create_logical_replication_slot('reshard_lost_0', 'pgoutput'),"
            + " pg_create_logical_replication_slot('of_others', 'pgoutput')");
    Diagnosis diagnosis = diagnostician.diagnose();
    assertThat(mends(diagnosis)).containsExactly(Mend.DROP_SLOTS);
    assertThat(diagnosis.findings().get(0).what())
        .contains("no operation knows of the slot reshard_lost_0 on shard-0");
    try (DriverLock driver =
        DriverLock.acquire(system.control().endpoint(), plan.planId(), false)) {
      driver.requireHeld();
      assertThatThrownBy(() -> diagnostician.repair(diagnosis))
          .hasMessageContaining("is being driven by");
    }
    assertThat(diagnostician.repair(diagnosis).findings()).isEmpty();
    assertThat(diagnostician.diagnose().shards().get(0).slots())
        .as("the operation's own")
        .hasSize(1);
    run("shard-0", "SELECT pg_drop_replication_slot('of_others')");
  }

  @Test
  void findsStatusesThatDoNotFitTheTopology() throws SQLException {
    control("UPDATE reshard.shard_status SET status = 'to_be_deleted' WHERE shard_id = 'shard-0'");
    control("UPDATE reshard.shard_status SET status = 'active' WHERE shard_id = 'shard-1'");
    Diagnosis diagnosis = diagnostician.diagnose();
    assertThat(diagnosis.findings())
        .extracting(Finding::what)
        .containsExactly(
            "shard-0 is recorded as to_be_deleted, but by version 1 of the topology it is active",
            "shard-1 is recorded as active, but by version 1 of the topology it is not in use");
    assertThat(mends(diagnosis)).containsExactly((Mend) null);
  }

  private void control(String sql) throws SQLException {
    try (Connection connection = system.control().endpoint().connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void findsWhatIsLostAndWhatWasLeftBehind() throws SQLException {
    CaptureRecord capture = new ChangeCapture(plan, "shard-0", context.endpoint("shard-0")).names();
    CaptureRegistry registry = new CaptureRegistry(system.control(), plan.planId());
    assertThat(diagnostician.diagnose().findings()).isEmpty();
    run("shard-0", "SELECT pg_drop_replication_slot('" + capture.slot() + "')");
    Diagnosis lost = diagnostician.diagnose();
    assertThat(mends(lost)).containsExactly((Mend) null);
    assertThat(lost.findings().get(0).what()).contains("changes are lost");

    new Rollback(context, cutover).run();
    control(
        "INSERT INTO reshard.change_capture (operation_id, source, publication, slot)"
            + " VALUES ('%s', 'shard-0', '%s', '%s')"
                .formatted(plan.planId(), capture.publication(), capture.slot()));
    Diagnosis left = diagnostician.diagnose();
    assertThat(mends(left)).containsExactly(Mend.DROP_CAPTURES);
    assertThat(diagnostician.repair(left).findings()).isEmpty();
    assertThat(registry.captures()).isEmpty();
  }
}
