package io.reshard.planner;

/** How long a migration will take, from its size alone. */
final class DurationEstimate {
  /** Rows that two sources and two targets on one small machine took per second, with indexes. */
  private static final double ROWS_PER_SECOND = 150_000;

  /** Bytes of the same: rows of about 250 bytes. */
  private static final double BYTES_PER_SECOND = 40_000_000;

  /** Change capture, the start of the job, and verification have a part that is always the same. */
  private static final double FIXED_SECONDS = 10;

  private DurationEstimate() {}

  static double seconds(long rows, long bytes) {
    double seconds = FIXED_SECONDS + Math.max(rows / ROWS_PER_SECOND, bytes / BYTES_PER_SECOND);
    return Math.round(seconds * 10) / 10.0;
  }
}
