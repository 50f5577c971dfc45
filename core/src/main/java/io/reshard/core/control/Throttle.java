package io.reshard.core.control;

/**
 * How the copy is held back; null where it is not.
 *
 * @param bytesPerSecond read from one source, by all readers together
 * @param readersPerSource how many splits of one source are read at once
 * @param pauseQuery gives one number on the source and on every target that its rows go to
 * @param pauseAbove no further split is begun while a number is greater than this
 */
public record Throttle(
    Long bytesPerSecond, Integer readersPerSource, String pauseQuery, Double pauseAbove) {
  /** Nothing is held back. */
  public static final Throttle NONE = new Throttle(null, null, null, null);
}
