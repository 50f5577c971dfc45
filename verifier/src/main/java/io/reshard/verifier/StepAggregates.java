package io.reshard.verifier;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.VerificationReport;
import java.util.Objects;
import java.util.Optional;

/**
 * Count and checksum of the rows of one stretch that one step moves, on one side or, once merged,
 * on both. What has not been read is null, so that it cannot pass for nothing.
 *
 * @param stretch the {@link Stretch} as JSON
 * @param step the step's name, or what stands in its place for strays
 */
public record StepAggregates(
    String stretch,
    String step,
    Long sourceRows,
    String sourceChecksum,
    Long targetRows,
    String targetChecksum) {

  static StepAggregates of(Side side, String stretch, String step, long rows, String checksum) {
    return side == Side.SOURCE
        ? new StepAggregates(stretch, step, rows, checksum, null, null)
        : new StepAggregates(stretch, step, null, null, rows, checksum);
  }

  /** What was found on one side that does not belong there, of either kind, if this is no step. */
  Optional<VerificationReport.StrayTotal> strays() {
    return VerificationReport.StrayTotal.parse(step, sourceRows == null ? targetRows : sourceRows);
  }

  StepAggregates merge(StepAggregates other) {
    return new StepAggregates(
        stretch,
        step,
        sourceRows == null ? other.sourceRows : sourceRows,
        sourceChecksum == null ? other.sourceChecksum : sourceChecksum,
        targetRows == null ? other.targetRows : targetRows,
        targetChecksum == null ? other.targetChecksum : targetChecksum);
  }

  /** Whether the sides agree, once both are there. */
  boolean agree(VerificationMode mode) {
    return (!mode.counts() || sourceRows.equals(targetRows))
        && (!mode.checksums() || Objects.equals(sourceChecksum, targetChecksum));
  }
}
