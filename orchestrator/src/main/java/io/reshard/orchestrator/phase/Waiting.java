package io.reshard.orchestrator.phase;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.time.Duration;

/** Pauses between two looks at something. */
final class Waiting {
  static final Duration POLL = Duration.ofMillis(500);

  private Waiting() {}

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
