package io.reshard.core.control;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The outcome of one run of the verification.
 *
 * @param consistent true only if every step of every split was compared and nothing differs
 * @param unverified pairs of split and step that the run has no result for
 * @param mismatchSamples keys that differ, of each kind at most as many as were asked for
 * @param strays what lies where it should not; such rows are on neither side of a comparison
 * @param undecidedSamples keys that could not be decided, at most as many as were asked for
 * @param straySamples some of those rows' keys, of each kind at most as many as were asked for
 */
public record VerificationReport(
    String run,
    boolean consistent,
    long unverified,
    List<StepTotal> steps,
    List<Mismatch> mismatchSamples,
    List<Mismatch> undecidedSamples,
    List<StrayTotal> strays,
    List<Mismatch> straySamples) {

  /**
   * Rows on one shard that do not belong there, or nowhere.
   *
   * @param kind {@code STRAY} or {@code UNOWNED}
   */
  public record StrayTotal(String shard, Mismatch.Kind kind, long rows) {
    private static final String ON = " on ";

    /** What stands in place of a step where such rows are reported. */
    public String subject() {
      return kind + ON + shard;
    }

    /** What {@code subject} stands for, unless it is a step's name. */
    public static Optional<StrayTotal> parse(String subject, long rows) {
      return Stream.of(Mismatch.Kind.STRAY, Mismatch.Kind.UNOWNED)
          .filter(kind -> subject.startsWith(kind + ON))
          .map(kind -> new StrayTotal(subject.substring((kind + ON).length()), kind, rows))
          .findFirst();
    }
  }

  /** How many keys differ. */
  public long mismatches() {
    return steps.stream().mapToLong(StepTotal::mismatches).sum();
  }

  /** How many rows of the sources were compared. */
  public long rowsCompared() {
    return steps.stream().mapToLong(StepTotal::sourceRows).sum();
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
