package io.reshard.core.control;

/**
 * The turn of one process to make or drop the change capture of a plan. Turns are ordered, and a
 * later one takes the work out of the hands of all before it, wherever those are frozen.
 *
 * @param number grows with every submission of a job, or with every cutover attempt and its undoing
 * @param replaces whether what an earlier turn has made whole is replaced, too
 */
public record CaptureTurn(long number, boolean replaces) {
  /** Takes everything away for good: no turn comes after it. */
  public static final CaptureTurn END = new CaptureTurn(Long.MAX_VALUE, true);

  /** A job that prepares its first start. What an earlier submission has prepared stays. */
  public static CaptureTurn ofSubmission(int generation) {
    return new CaptureTurn(2L * generation, false);
  }

  /** A cutover attempt that makes the way back. */
  public static CaptureTurn ofCutover(int attempt) {
    return new CaptureTurn(2L * attempt, true);
  }

  /** The undoing of a cutover attempt: before whatever the next attempt makes. */
  public static CaptureTurn undoing(int attempt) {
    return new CaptureTurn(2L * attempt + 1, true);
  }
}
