package io.reshard.core.control;

import java.util.List;

/**
 * The outcome of one run of the verification.
 *
 * @param consistent true only if every step of every split was compared and nothing differs
 * @param unverified pairs of split and step that the run has no result for
 * @param mismatchSamples keys that differ, at most as many as were asked for
 * @param undecidedSamples keys that could not be decided, at most as many as were asked for
 */
public record VerificationReport(
    String run,
    boolean consistent,
    long unverified,
    List<StepTotal> steps,
    List<Mismatch> mismatchSamples,
    List<Mismatch> undecidedSamples) {

  /** How many keys differ. */
  public long mismatches() {
    return steps.stream().mapToLong(StepTotal::mismatches).sum();
  }

  /** The sums of one step over all its splits. */
  public record StepTotal(
      String step,
      long sourceRows,
      long targetRows,
      long mismatches,
      long undecided,
      long unverified) {
    /** Whether every split of the step was compared and nothing differs. */
    public boolean verified() {
      return mismatches == 0 && undecided == 0 && unverified == 0;
    }
  }
}
