package io.reshard.planner;

/**
 * The keys that {@code source} owns under the old topology and {@code target} under the new.
 *
 * @param keyRange the share as an operator reads it
 * @param fraction the expected share of the source's rows, above 0.0 and at most 1.0
 */
record Overlap(String source, String target, String keyRange, double fraction) {
  /** Two shards in the direction of a move. */
  record Pair(String source, String target) {}

  boolean connects(String from, String to) {
    return source.equals(from) && target.equals(to);
  }

  Pair pair() {
    return new Pair(source, target);
  }
}
