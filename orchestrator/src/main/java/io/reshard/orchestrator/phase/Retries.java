package io.reshard.orchestrator.phase;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * Runs work again, later and later, while its failures are such that pass by themselves. A trouble
 * is bounded to about an hour; its last failure carries the earlier ones as suppressed exceptions.
 * Work that went well for a while before it fails again has met another trouble: an operation of
 * weeks meets many, and none of them ends it.
 */
final class Retries {
  private static final Duration FIRST_WAIT = Duration.ofSeconds(1);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
  private static final Duration CALM = Duration.ofMinutes(5);
  private static final int MAX_RETRIES = 65;
  private static final int MAX_SUPPRESSED = 10;

  private final Duration firstWait;
  private final Duration longestWait;
  private final Duration calm;
  private final Deque<RuntimeException> earlier = new ArrayDeque<>();
  private long begunNanos;

  private Retries(Duration firstWait, Duration longestWait, Duration calm) {
    this.firstWait = firstWait;
    this.longestWait = longestWait;
    this.calm = calm;
  }

  /**
   * Runs {@code work} until it succeeds, fails for good, or has failed too often.
   *
   * @param onPause told of every failure that is going to be retried
   */
  static void run(Runnable work, Consumer<RuntimeException> onPause) {
    run(work, onPause, FIRST_WAIT, LONGEST_WAIT, CALM);
  }

  /**
   * The same with other times.
   *
   * @param calm work that has run for as long without a failure begins a trouble of its own
   */
  static void run(
      Runnable work,
      Consumer<RuntimeException> onPause,
      Duration firstWait,
      Duration longestWait,
      Duration calm) {
    boolean over = false;
    while (!over) {
      over = new Retries(firstWait, longestWait, calm).outlast(work, onPause);
    }
  }

  /** Runs the work through one trouble; false if another one has begun. */
  private boolean outlast(Runnable work, Consumer<RuntimeException> onPause) {
    RetryPolicy<Object> policy =
        RetryPolicy.builder()
            .handleIf(Failures::retryable)
            .abortIf((result, failure) -> ranCalmly())
            .withBackoff(firstWait, longestWait)
            .withJitter(0.1)
            .withMaxRetries(MAX_RETRIES)
            .onRetryScheduled(event -> pause((RuntimeException) event.getLastException(), onPause))
            .build();
    try {
      Failsafe.with(policy)
          .run(
              () -> {
                begunNanos = System.nanoTime();
                work.run();
              });
      return true;
    } catch (FailsafeException e) {
      if (e.getCause() instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      throw e;
    } catch (RuntimeException e) {
      if (Failures.retryable(e) && ranCalmly()) {
        onPause.accept(e);
        Waiting.sleep(firstWait);
        return false;
      }
      earlier.stream().filter(one -> one != e).forEach(e::addSuppressed);
      throw e;
    }
  }

  private boolean ranCalmly() {
    return System.nanoTime() - begunNanos >= calm.toNanos();
  }

  private void pause(RuntimeException failure, Consumer<RuntimeException> onPause) {
    if (earlier.size() == MAX_SUPPRESSED) {
      earlier.removeFirst();
    }
    earlier.addLast(failure);
    onPause.accept(failure);
  }
}
