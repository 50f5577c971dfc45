package io.reshard.orchestrator.cli;

import io.reshard.core.control.CopyPause;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.OperationStatus.PhasePassage;
import io.reshard.orchestrator.phase.OperationStatus.StepStatus;
import io.reshard.orchestrator.state.Phase;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The progress of an operation in words and bars. Knows nothing of terminals. */
final class ProgressText {
  private static final int BAR = 24;
  private static final List<Phase> WAY =
      List.of(
          Phase.PLANNING,
          Phase.COPYING,
          Phase.REPLICATING,
          Phase.VERIFYING,
          Phase.CUTTING_OVER,
          Phase.CLEANING_UP);

  private final Map<String, MigrationStep> estimates;
  private final long totalRows;
  private final long totalBytes;

  ProgressText(Plan plan) {
    estimates = plan.steps().stream().collect(Collectors.toMap(MigrationStep::name, step -> step));
    totalRows = plan.totalRows();
    totalBytes = plan.totalBytes();
  }

  /** Several lines: every phase, and every step of the one that runs. */
  List<String> block(OperationStatus status, Optional<Double> rowsPerSecond) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%s  %s  %.1f %%",
            status.id(),
            status.phase(),
            status.overallPercentComplete()));
    for (Phase phase : WAY) {
      passage(status, phase).ifPresent(passage -> lines.add(phaseLine(status, passage)));
      if (phase == Phase.COPYING && passage(status, phase).isPresent()) {
        status.steps().forEach(step -> lines.add(stepLine(step)));
      }
    }
    lines.add("  " + String.join(" · ", figures(status, rowsPerSecond)));
    status.copyPauses().forEach(pause -> lines.add("  " + pauseText(pause)));
    if (status.error() != null) {
      lines.add("  " + errorText(status));
    }
    return lines;
  }

  /** One line. */
  String line(OperationStatus status, Optional<Double> rowsPerSecond) {
    String figures = String.join(" · ", figures(status, rowsPerSecond));
    return String.format(
            Locale.ROOT,
            "%s %s%s %.1f %% · %s",
            status.id(),
            status.phase(),
            status.phase() == status.lastCompletedPhase() ? " (completed)" : "",
            status.overallPercentComplete(),
            figures)
        + status.copyPauses().stream()
            .map(pause -> " · " + pauseText(pause))
            .collect(Collectors.joining())
        + (status.error() == null ? "" : " · " + errorText(status));
  }

  private static String pauseText(CopyPause pause) {
    return "%s is not read since %s: %s"
        .formatted(pause.source(), pause.since().truncatedTo(ChronoUnit.SECONDS), pause.reason());
  }

  private static String errorText(OperationStatus status) {
    return (status.phase().terminal() ? "failed: " : "pausing: ")
        + status.error().code()
        + ": "
        + status.error().message();
  }

  private List<String> figures(OperationStatus status, Optional<Double> rowsPerSecond) {
    List<String> figures = new ArrayList<>();
    figures.add(
        Numbers.count(status.rowsCopied()) + " of about " + Numbers.count(totalRows) + " rows");
    figures.add(Numbers.count(status.rowsReplicated()) + " changes");
    rowsPerSecond.ifPresent(
        rate ->
            figures.add(
                Numbers.count(Math.round(rate))
                    + " rows/s, about "
                    + Numbers.bytes(bytesOf(Math.round(rate)))
                    + "/s"));
    if (status.lagMillis() != null) {
      String lag = status.phase() == Phase.CLEANING_UP ? "way back kept, lag " : "lag ";
      figures.add(lag + Numbers.millis(status.lagMillis()));
    }
    left(status).ifPresent(figures::add);
    if (status.phase() == Phase.VERIFYING) {
      figures.add(Numbers.count(status.rowsVerified()) + " rows verified");
    }
    long verified = status.steps().stream().filter(StepStatus::verified).count();
    if (verified > 0) {
      figures.add(verified + " of " + status.steps().size() + " steps verified");
    }
    return figures;
  }

  /** By the plan's statistics: nobody counts the bytes of what is still to come. */
  private long bytesOf(long rows) {
    return Math.round((double) totalBytes * rows / Math.max(1, totalRows));
  }

  /** Of what stands still only the amount is known, and no time. */
  private Optional<String> left(OperationStatus status) {
    List<String> left = new ArrayList<>();
    long rows = totalRows - status.rowsCopied();
    if (status.phase() == Phase.COPYING && rows > 0) {
      left.add(Numbers.count(rows) + " rows");
      left.add(Numbers.bytes(bytesOf(rows)));
    }
    if (status.estimatedSecondsLeft() != null) {
      left.add(Numbers.duration(Duration.ofSeconds(status.estimatedSecondsLeft())));
    }
    return left.isEmpty()
        ? Optional.empty()
        : Optional.of("about " + String.join(", ", left) + " left");
  }

  private static Optional<PhasePassage> passage(OperationStatus status, Phase phase) {
    return status.history().stream()
        .filter(one -> one.phase() == phase)
        .reduce((first, second) -> second);
  }

  private static String phaseLine(OperationStatus status, PhasePassage passage) {
    boolean completed = passage.completedAt() != null;
    long millis =
        completed
            ? passage.durationMillis()
            : Duration.between(passage.startedAt(), Instant.now()).toMillis();
    boolean failed = completed && status.phase() == Phase.FAILED && isLast(status, passage);
    String mark = failed ? "✘" : completed ? "✔" : "▸";
    return String.format(
        Locale.ROOT, "  %s %-13s %s", mark, passage.phase(), Numbers.millis(millis));
  }

  private static boolean isLast(OperationStatus status, PhasePassage passage) {
    return status.history().stream()
        .filter(one -> !one.phase().terminal())
        .reduce((first, second) -> second)
        .filter(passage::equals)
        .isPresent();
  }

  private String stepLine(StepStatus step) {
    MigrationStep planned = estimates.get(step.step());
    long estimate = planned == null ? 0 : planned.estimatedRows();
    double share =
        step.rowsCopied() == 0
            ? 0.0
            : Math.min(1.0, (double) step.rowsCopied() / Math.max(1L, estimate));
    int filled = (int) Math.round(share * BAR);
    return String.format(
        Locale.ROOT,
        "      %-22s %s%s %3.0f %%  %s rows%s",
        step.step(),
        "█".repeat(filled),
        "░".repeat(BAR - filled),
        share * 100,
        Numbers.count(step.rowsCopied()),
        step.verified()
            ? "  verified"
            : step.rowsVerified() == 0
                ? ""
                : "  " + Numbers.count(step.rowsVerified()) + " verified");
  }
}
