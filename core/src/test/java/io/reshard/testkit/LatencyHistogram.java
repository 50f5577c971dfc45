package io.reshard.testkit;

/**
 * Counts durations in buckets whose width is a sixteenth of their power of two: a quantile is at
 * most 6 % too high. Not safe for use by several threads.
 */
final class LatencyHistogram {
  private static final int STEPS = 16;
  private static final int STEP_BITS = 4;

  private final long[] counts = new long[Long.SIZE * STEPS];
  private long total;

  void record(long nanos) {
    counts[bucket(Math.max(0, nanos))]++;
    total++;
  }

  void add(LatencyHistogram other) {
    for (int bucket = 0; bucket < counts.length; bucket++) {
      counts[bucket] += other.counts[bucket];
    }
    total += other.total;
  }

  /**
   * The upper bound of the bucket that holds the quantile, in milliseconds; 0 without any record.
   */
  double quantileMillis(double quantile) {
    long rank = (long) Math.ceil(quantile * total);
    long seen = 0;
    for (int bucket = 0; bucket < counts.length && total > 0; bucket++) {
      seen += counts[bucket];
      if (seen >= rank && seen > 0) {
        return upperBound(bucket) / 1e6;
      }
    }
    return 0;
  }

  private static int bucket(long nanos) {
    int shift = Math.max(0, Long.SIZE - Long.numberOfLeadingZeros(nanos) - STEP_BITS - 1);
    return shift * STEPS + (int) (nanos >>> shift);
  }

  private static double upperBound(int bucket) {
    int shift = Math.max(0, bucket / STEPS - 1);
    return Math.scalb((double) (bucket - shift * STEPS + 1), shift);
  }
}
