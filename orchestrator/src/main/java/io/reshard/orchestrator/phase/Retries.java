package io.reshard.orchestrator.phase;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Runs work again, later and later, while its failures are such that pass by themselves. Bounded to
 * about an hour; the last failure carries the earlier ones as suppressed exceptions.
 */
final class Retries {
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
  private static final int MAX_RETRIES = 65;
  private static final int MAX_SUPPRESSED = 10;

  private Retries() {}

  /**
   * Runs {@code work} until it succeeds, fails for good, or has failed too often.
   *
   * @param onPause told of every failure that is going to be retried
   */
  static void run(Runnable work, Consumer<RuntimeException> onPause) {
    RuntimeException[] earlier = new RuntimeException[MAX_SUPPRESSED];
    int[] failures = {0};
    RetryPolicy<Object> policy =
        RetryPolicy.builder()
            .handleIf(Failures::retryable)
            .withBackoff(FIRST_WAIT, LONGEST_WAIT)
            .withJitter(0.1)
            .withMaxRetries(MAX_RETRIES)
            .onRetryScheduled(
                event -> {
                  RuntimeException failure = (RuntimeException) event.getLastException();
                  earlier[failures[0]++ % MAX_SUPPRESSED] = failure;
                  onPause.accept(failure);
                })
            .build();
    try {
      Failsafe.with(policy).run(work::run);
    } catch (FailsafeException e) {
      if (e.getCause() instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw e;
    } catch (RuntimeException e) {
      for (RuntimeException one : earlier) {
        if (one != null && one != e) {
          e.addSuppressed(one);
        }
      }
      throw e;
    }
  }
}
