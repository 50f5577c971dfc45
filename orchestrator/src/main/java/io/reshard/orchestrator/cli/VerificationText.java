package io.reshard.orchestrator.cli;

import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationProgress;
import io.reshard.core.control.VerificationReport;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** The outcome of a verification, for people and for scripts. */
final class VerificationText {
  private VerificationText() {}

  /**
   * The document of {@code verify --json}. What is undecided or was not compared says why a run
   * without differences is not consistent.
   */
  record View(
      boolean consistent,
      List<StepView> steps,
      List<Mismatch> mismatchSamples,
      List<VerificationReport.StrayTotal> strays,
      List<Mismatch> straySamples,
      long undecided,
      long unverified) {}

  /** A migration step of it. */
  record StepView(String step, long sourceRows, long targetRows, long mismatches) {}

  static View view(VerificationReport report, int samples) {
    return new View(
        report.consistent(),
        report.steps().stream()
            .map(
                step ->
                    new StepView(
                        step.step(), step.sourceRows(), step.targetRows(), step.mismatches()))
            .toList(),
        report.mismatchSamples().stream().limit(samples).toList(),
        report.strays(),
        report.straySamples().stream().limit(samples).toList(),
        report.steps().stream().mapToLong(VerificationReport.StepTotal::undecided).sum(),
        report.unverified());
  }

  static String of(VerificationReport report, int samples) {
    StringBuilder text = new StringBuilder(verdict(report)).append('\n');
    for (VerificationReport.StepTotal step : report.steps()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %-24s %s rows at the source, %s at the target, %s differ%s%s%n",
              step.step(),
              Numbers.count(step.sourceRows()),
              Numbers.count(step.targetRows()),
              Numbers.count(step.mismatches()),
              step.undecided() == 0 ? "" : ", " + step.undecided() + " undecided",
              step.unverified() == 0 ? "" : ", " + step.unverified() + " splits not compared"));
    }
    for (VerificationReport.StrayTotal strays : report.strays()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %-24s %s rows that belong %s%n",
              strays.shard(),
              Numbers.count(strays.rows()),
              strays.kind() == Mismatch.Kind.UNOWNED ? "to no shard" : "to another shard"));
    }
    report.mismatchSamples().stream().limit(samples).forEach(one -> text.append(line(one)));
    report.undecidedSamples().stream().limit(samples).forEach(one -> text.append(line(one)));
    report.straySamples().stream().limit(samples).forEach(one -> text.append(line(one)));
    return text.toString();
  }

  private static String verdict(VerificationReport report) {
    if (report.consistent()) {
      return "consistent";
    }
    return report.mismatches() > 0 ? "DIFFERENT" : "INCOMPLETE";
  }

  /** One line on a run that goes on. */
  static String of(VerificationProgress progress) {
    return String.format(
        Locale.ROOT,
        "%.0f %% compared · %s rows · %s left",
        Math.floor(100 * progress.share()),
        Numbers.count(progress.report().rowsCompared()),
        progress.secondsLeft().isPresent()
            ? "about " + Numbers.duration(Duration.ofSeconds(progress.secondsLeft().getAsLong()))
            : "unknown time");
  }

  private static String line(Mismatch sample) {
    return String.format(
        Locale.ROOT, "  %-9s %s %s%n", sample.kind(), sample.table(), sample.key());
  }
}
