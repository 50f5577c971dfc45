package io.reshard.job.gate;

import java.util.OptionalLong;

/** The numbers of the heartbeats that come out of one slot: without a gap, but for replays. */
final class HeartbeatNumbers {
  private long highest;
  private Long previous;

  /**
   * Goes on behind a start or a restart.
   *
   * @param highest the newest that came before; a stream may begin anywhere up to behind it
   */
  HeartbeatNumbers(long highest) {
    this.highest = highest;
  }

  /** Takes the next number; returns the one that was due if it is another one. */
  OptionalLong take(long number) {
    long due = previous == null ? Math.min(number, highest + 1) : previous + 1;
    if (number != due) {
      return OptionalLong.of(due);
    }
    previous = number;
    highest = Math.max(highest, number);
    return OptionalLong.empty();
  }

  long highest() {
    return highest;
  }
}
