package io.reshard.verifier;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.util.Objects;
import java.util.Optional;

/**
 * Count and checksum of the rows of one split that one step moves, on one side or, once merged, on
 * both. What has not been read is null, so that it cannot pass for nothing.
 *
 * @param split the split as JSON
 * @param step the step's name, or what stands in its place for strays
 */
public record StepAggregates(
    String split,
    String step,
    Long sourceRows,
    String sourceChecksum,
    Long targetRows,
    String targetChecksum) {

  static StepAggregates of(Side side, String split, String step, long rows, String checksum) {
    return side == Side.SOURCE
        ? new StepAggregates(split, step, rows, checksum, null, null)
        : new StepAggregates(split, step, null, null, rows, checksum);
  }

  /** What both sides' aggregates of the same split and step have in common. */
  String key() {
    return step + " " + split;
  }

  /** What was found on one side that does not belong there, if this is not about a step. */
  Optional<VerificationReport.StrayTotal> strays() {
    return VerificationReport.StrayTotal.parse(step, sourceRows == null ? targetRows : sourceRows);
  }

  StepAggregates merge(StepAggregates other) {
    return new StepAggregates(
        split,
        step,
        sourceRows == null ? other.sourceRows : sourceRows,
        sourceChecksum == null ? other.sourceChecksum : sourceChecksum,
        targetRows == null ? other.targetRows : targetRows,
        targetChecksum == null ? other.targetChecksum : targetChecksum);
  }

  /** Whether the sides agree; {@code verification_failed} if one of them was not read. */
  boolean agree(VerificationMode mode) {
    if (sourceRows == null || targetRows == null) {
      throw new ReshardingException(
          ErrorCode.VERIFICATION_FAILED,
          "step "
              + step
              + " of split "
              + split
              + " was read on one side only; run the verification again");
    }
    return (!mode.counts() || sourceRows.equals(targetRows))
        && (!mode.checksums() || Objects.equals(sourceChecksum, targetChecksum));
  }
}
