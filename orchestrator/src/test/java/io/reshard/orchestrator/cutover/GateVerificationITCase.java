package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.CurrentVerification;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.shard.PendingShards;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.testkit.ServerOptions;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the gate takes for a verification that holds. The job is played. */
class GateVerificationITCase {
  private final FencedCutover cutover = new FencedCutover(false);
  private LiveSystem system;
  private Plan plan;
  private OperationContext context;

  @BeforeEach
  void start() throws SQLException {
    system = LiveSystem.start(1, 200, ServerOptions.fast());
    plan = system.plan(2);
    new PendingShards(plan, system.secrets()).create();
    PlayedJob.reportCopy(system, plan);
    context = context(VerificationMode.COUNT_AND_CHECKSUM);
  }

  private OperationContext context(VerificationMode mode) {
    return new OperationContext(
        plan,
        system.secrets(),
        system.control(),
        ReshardingOptions.builder().verificationMode(mode).build(),
        Optional.empty(),
        Optional.empty());
  }

  @AfterEach
  void stop() {
    system.close();
  }

  private void verify(String run, VerificationMode mode, long mismatches) {
    PlayedJob.verify(system, plan, run, mode, mismatches);
  }

  private String gate() {
    return cutover.rehearse(context).gate();
  }

  @Test
  void aVerificationHoldsAsLongAsTheJobGoesOnAndItsWritesReadBack() {
    assertThat(gate()).isEqualTo(CutoverReport.GATE_OPEN);

    PlayedJob.reportMismatch(system, plan);
    assertThat(gate()).contains("since the run played, rows were written");
    assertThatThrownBy(() -> cutover.run(context))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.VERIFICATION_STALE));
    assertThat(cutover.status(context)).isEmpty();
    verify("second", VerificationMode.CHECKSUM, 0);
    assertThat(gate()).isEqualTo(CutoverReport.GATE_OPEN);

    PlayedJob.restart(system, plan);
    verify("too early", VerificationMode.COUNT_AND_CHECKSUM, 0);
    PlayedJob.reportFrontier(system, plan, System.currentTimeMillis() + 60_000);
    assertThat(gate()).contains("when the run too early began, nothing was replicated yet");
    verify("third", VerificationMode.COUNT_AND_CHECKSUM, 0);
    assertThat(gate()).isEqualTo(CutoverReport.GATE_OPEN);
  }

  @Test
  void onlyWhatWasComparedCounts() {
    PlayedJob.restart(system, plan);
    PlayedJob.reportFrontier(system, plan, System.currentTimeMillis() + 60_000);
    verify("counted", VerificationMode.COUNT, 0);
    assertThat(gate()).contains("since the run played the job was started again");
    verify("checked", VerificationMode.COUNT_AND_CHECKSUM, 0);
    verify("counted again", VerificationMode.COUNT, 0);
    assertThat(gate()).isEqualTo(CutoverReport.GATE_OPEN);

    verify("different", VerificationMode.COUNT, 1);
    assertThat(gate()).contains("the run different (COUNT) has found differences");
  }

  @Test
  void aRunThatComparesLessHidesNoDifferences() {
    context = context(VerificationMode.COUNT);
    verify("different", VerificationMode.CHECKSUM, 1);
    verify("counted", VerificationMode.COUNT, 0);
    assertThat(gate())
        .contains("the run different (CHECKSUM) has found differences")
        .contains("reshard verify " + plan.planId() + " --mode CHECKSUM");
    assertThat(needed()).isEqualTo(VerificationMode.CHECKSUM);

    for (int run = 0; run < 120; run++) {
      verify("counted" + run, VerificationMode.COUNT, 0);
    }
    assertThat(gate()).contains("the run different (CHECKSUM) has found differences");

    verify("checked", VerificationMode.COUNT_AND_CHECKSUM, 0);
    assertThat(gate()).isEqualTo(CutoverReport.GATE_OPEN);
    assertThat(needed()).isEqualTo(VerificationMode.COUNT);
    verify("counted again", VerificationMode.COUNT, 0);
    assertThat(gate()).isEqualTo(CutoverReport.GATE_OPEN);
  }

  @Test
  void strayRowsOnATargetRefuseTheCutoverUntilARunFindsNone() {
    PlayedJob.reportStrays(system, plan, "played", plan.targets().get(0), 3);
    assertThat(gate())
        .contains(plan.targets().get(0) + " holds 3 rows that belong to another shard")
        .contains("table=public.orders, key=17")
        .contains("reshard repair " + plan.planId());
    assertThatThrownBy(() -> cutover.run(context))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_ABORTED));

    verify("second", VerificationMode.COUNT_AND_CHECKSUM, 0);
    assertThat(gate()).isEqualTo(CutoverReport.GATE_OPEN);
  }

  private VerificationMode needed() {
    return new CurrentVerification(system.control(), plan, VerificationMode.COUNT).needed();
  }
}
