package io.reshard.orchestrator.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.CopyPause;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.OperationStatus.PhasePassage;
import io.reshard.orchestrator.phase.OperationStatus.StepStatus;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.Phase;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgressTextTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private static ProgressText text() {
    MigrationStep step = new MigrationStep("shard-0", "shard-2", "40-80", 1_000, 10_000);
    return new ProgressText(
        new Plan(
            Plan.FORMAT,
            "op-1",
            null,
            null,
            List.of(),
            List.of(),
            List.of(step),
            List.of(),
            1_000,
            10_000,
            List.of()));
  }

  private static OperationStatus status(Phase phase, OperationError error) {
    return status(phase, error, List.of());
  }

  private static OperationStatus status(
      Phase phase, OperationError error, List<CopyPause> copyPauses) {
    return new OperationStatus(
        "op-1",
        phase,
        Phase.PLANNING,
        36.0,
        START,
        80L,
        400L,
        error,
        List.of(new StepStatus("shard-0->shard-2", 500, 7, 0, false)),
        List.of(
            new PhasePassage(Phase.PLANNING, START, START.plusSeconds(1), 1_000L),
            new PhasePassage(Phase.COPYING, START.plusSeconds(1), null, null)),
        "job",
        copyPauses);
  }

  @Test
  void drawsPhasesAndSteps() {
    List<String> lines = text().block(status(Phase.COPYING, null), Optional.of(12_345.0));
    assertThat(lines.get(0)).isEqualTo("op-1  COPYING  36.0 %");
    assertThat(lines.get(1)).contains("✔ PLANNING").contains("1.0 s");
    assertThat(lines.get(2)).contains("▸ COPYING");
    assertThat(lines.get(3)).contains("shard-0->shard-2").contains("50 %").contains("500 rows");
    assertThat(lines.get(4))
        .contains("500 of about 1,000 rows")
        .contains("7 changes")
        .contains("12,345 rows/s, about 120.6 KB/s")
        .contains("lag 0.4 s")
        .contains("about 500 rows, 4.9 KB, 80 s left");
  }

  /** Nobody knows when a copy that stands still will be over. */
  @Test
  void givesNoTimeWhereThereIsNoRate() {
    OperationStatus moving = status(Phase.COPYING, null);
    OperationStatus stalled =
        new OperationStatus(
            moving.id(),
            moving.phase(),
            moving.lastCompletedPhase(),
            moving.overallPercentComplete(),
            moving.startedAt(),
            null,
            moving.lagMillis(),
            null,
            moving.steps(),
            moving.history(),
            moving.jobId(),
            List.of());
    assertThat(text().line(stalled, Optional.empty())).endsWith("about 500 rows, 4.9 KB left");
  }

  @Test
  void saysWhyAShardIsNotRead() {
    OperationStatus status =
        status(
            Phase.COPYING,
            null,
            List.of(new CopyPause("shard-0", "the replicas lag", START.plusMillis(2_500))));
    String text = "shard-0 is not read since 2026-01-01T00:00:02Z: the replicas lag";
    assertThat(text().block(status, Optional.empty())).contains("  " + text);
    assertThat(text().line(status, Optional.empty())).endsWith(text);
  }

  @Test
  void tellsAPauseFromAFailure() {
    OperationError error = new OperationError("resharding.source_unavailable", "shard-0 is away");
    assertThat(text().line(status(Phase.COPYING, error), Optional.empty()))
        .endsWith("pausing: resharding.source_unavailable: shard-0 is away");
    assertThat(text().line(status(Phase.FAILED, error), Optional.empty()))
        .endsWith("failed: resharding.source_unavailable: shard-0 is away");
  }
}
