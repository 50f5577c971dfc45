package io.reshard.testkit;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Spaces the work of one thread evenly. What an outage delayed is caught up, but at most one
 * second's worth.
 */
final class RateLimiter {
  private static final long MAX_ARREARS_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final long intervalNanos;
  private long nextNanos = System.nanoTime();

  /** {@code perSecond} 0 means unlimited. */
  RateLimiter(double perSecond) {
    intervalNanos = perSecond <= 0 ? 0 : (long) (TimeUnit.SECONDS.toNanos(1) / perSecond);
  }

  void await() {
    if (intervalNanos == 0) {
      return;
    }
    long now = System.nanoTime();
    while (now < nextNanos && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(nextNanos - now);
      now = System.nanoTime();
    }
    nextNanos = Math.max(nextNanos + intervalNanos, now - MAX_ARREARS_NANOS);
  }
}
