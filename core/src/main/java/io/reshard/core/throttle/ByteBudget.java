package io.reshard.core.throttle;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A leaky bucket of bytes (the meter of ITU-T I.371): what was read fills it, time empties it at
 * the allowed rate, and nothing may be read before it is empty. The size of a block is known only
 * once it is read, so it is paid for afterwards. The rate may change at any time. Not thread-safe.
 */
final class ByteBudget {
  private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private final LongSupplier nanoTime;
  private double owed;
  private long settledAt;

  ByteBudget(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.settledAt = nanoTime.getAsLong();
  }

  void spend(long bytes) {
    owed += bytes;
  }

  /** How long to wait before the next read, if {@code bytesPerSecond} are allowed from now on. */
  long nanosToWait(double bytesPerSecond) {
    long now = nanoTime.getAsLong();
    owed = Math.max(0, owed - bytesPerSecond * (now - settledAt) / NANOS_PER_SECOND);
    settledAt = now;
    return (long) (owed / bytesPerSecond * NANOS_PER_SECOND);
  }
}
