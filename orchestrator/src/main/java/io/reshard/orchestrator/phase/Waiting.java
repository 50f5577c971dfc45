package io.reshard.orchestrator.phase;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.time.Duration;

/** Pauses between two looks at something. */
final class Waiting {
  static final Duration POLL = Duration.ofMillis(500);

  private static final Duration SHORTEST = Duration.ofMillis(20);

  private Waiting() {}

  /**
   * How long to rest before the next look at what has been waited for since {@code startNanos}: a
   * twentieth of the wait, so that what ends soon is seen soon; {@link #POLL} at most.
   */
  static Duration rest(long startNanos) {
    Duration share = Duration.ofNanos((System.nanoTime() - startNanos) / 20);
    if (share.compareTo(SHORTEST) < 0) {
      return SHORTEST;
    }
    return share.compareTo(POLL) > 0 ? POLL : share;
  }

  /** Sleeps; an interruption becomes an error and stays visible in the thread's flag. */
  static void sleep(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReshardingException(
          ErrorCode.INTERNAL, "interrupted while waiting; 'reshard resume' goes on", e);
    }
  }
}
