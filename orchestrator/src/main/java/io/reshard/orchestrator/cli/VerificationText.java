package io.reshard.orchestrator.cli;

import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import java.util.List;
import java.util.Locale;

/** The outcome of a verification, for people and for scripts. */
final class VerificationText {
  private VerificationText() {}

  /** The document of {@code verify --json}. */
  record View(boolean consistent, List<StepView> steps, List<Mismatch> mismatchSamples) {}

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
        report.mismatchSamples().stream().limit(samples).toList());
  }

  static String of(VerificationReport report, int samples) {
    StringBuilder text = new StringBuilder(report.consistent() ? "consistent\n" : "DIFFERENT\n");
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
    report.mismatchSamples().stream().limit(samples).forEach(one -> text.append(line(one)));
    report.undecidedSamples().stream().limit(samples).forEach(one -> text.append(line(one)));
    return text.toString();
  }

  private static String line(Mismatch sample) {
    return String.format(
        Locale.ROOT, "  %-9s %s %s%n", sample.kind(), sample.table(), sample.key());
  }
}
