package io.reshard.orchestrator.bench;

import java.util.Collection;

/**
 * Durations in milliseconds; each is one of those that were measured.
 *
 * @param count how many were measured
 */
record Quantiles(int count, double median, double p99, double longest) {
  private static final double NANOS = 1e6;

  /** Of durations in nanoseconds; {@link IllegalArgumentException} if there are none. */
  static Quantiles ofNanos(Collection<Long> durations) {
    if (durations.isEmpty()) {
      throw new IllegalArgumentException("nothing was measured");
    }
    long[] sorted = durations.stream().mapToLong(Long::longValue).sorted().toArray();
    return new Quantiles(
        sorted.length, at(sorted, 0.5) / NANOS, at(sorted, 0.99) / NANOS, at(sorted, 1) / NANOS);
  }

  /** The nearest rank. */
  private static long at(long[] sorted, double share) {
    return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }
}
