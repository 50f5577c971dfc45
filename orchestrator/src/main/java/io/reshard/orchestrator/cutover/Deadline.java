package io.reshard.orchestrator.cutover;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.time.Duration;

/** The moment at which a cutover must be over. */
final class Deadline {
  private final Duration timeout;
  private final long end;

  Deadline(Duration timeout) {
    this.timeout = timeout;
    this.end = System.nanoTime() + timeout.toNanos();
  }

  /** The time left; {@code cutover_timeout} if there is none, naming the step that is due. */
  Duration left(String step) {
    long nanos = end - System.nanoTime();
    if (nanos <= 0) {
      throw passed(step);
    }
    return Duration.ofNanos(nanos);
  }

  /** The error that says that {@code step} was not over in time. */
  ReshardingException passed(String step) {
    return new ReshardingException(
        ErrorCode.CUTOVER_TIMEOUT,
        "the step '" + step + "' was not over within " + timeout.toMillis() + " ms");
  }
}
