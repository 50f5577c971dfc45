package io.reshard.orchestrator.phase;

import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import java.util.List;
import java.util.stream.Collectors;

/** What a run of the verification has found, for logs and errors. */
public final class VerificationFindings {
  private static final int SHOWN = 3;

  private VerificationFindings() {}

  /** What differs, or could not be compared. */
  static String of(VerificationReport report) {
    long undecided =
        report.steps().stream().mapToLong(VerificationReport.StepTotal::undecided).sum();
    return report.mismatches()
        + " keys differ between sources and targets "
        + shown(report.mismatchSamples())
        + ", "
        + undecided
        + " are undecided "
        + shown(report.undecidedSamples())
        + ", "
        + report.unverified()
        + " pairs of split and step were not compared";
  }

  /** Which of {@code strays}, of the report or some of them, lie where they do not belong. */
  public static String of(VerificationReport report, List<VerificationReport.StrayTotal> strays) {
    return strays.stream()
            .map(
                one ->
                    one.shard()
                        + " holds "
                        + one.rows()
                        + (one.kind() == Mismatch.Kind.UNOWNED
                            ? " rows that belong to no shard"
                            : " rows that belong to another shard"))
            .collect(Collectors.joining(", "))
        + " "
        + shown(report.straySamples());
  }

  private static List<Mismatch> shown(List<Mismatch> samples) {
    return samples.stream().limit(SHOWN).toList();
  }
}
