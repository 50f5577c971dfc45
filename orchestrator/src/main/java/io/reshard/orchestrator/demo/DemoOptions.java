package io.reshard.orchestrator.demo;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.testkit.SampleApplication;

/**
 * What the demo is asked for. Values out of range are {@code invalid_arguments}.
 *
 * @param rows about so many rows over all tables of the sample application; 1 to 10^9
 * @param from shards before, 1 to 64
 * @param to shards after, 1 to 64, and not {@code from}
 * @param writers threads of the application, 1 to 64
 */
public record DemoOptions(long rows, int from, int to, int writers) {
  /** Transactions per second of all writers: enough to race with, and no load for a laptop. */
  public static final int WRITES_PER_SECOND = 300;

  /** Some notes are stored out of line, but they do not make up the load. */
  static final int MAX_NOTE_CHARACTERS = 4_000;

  private static final long MAX_ROWS = 1_000_000_000L;
  private static final int MAX_SHARDS = SampleApplication.AUDIT_INCREMENT;
  private static final int MAX_WRITERS = 64;

  // With every order come 0.1 customers, 1.5 items and 0.01 audit entries.
  private static final double ROWS_PER_ORDER = 2.61;

  public DemoOptions {
    require("--rows", rows, MAX_ROWS);
    require("--from", from, MAX_SHARDS);
    require("--to", to, MAX_SHARDS);
    require("--writers", writers, MAX_WRITERS);
    if (from == to) {
      throw new ReshardingException(
          ErrorCode.INVALID_ARGUMENTS,
          "--from and --to are both " + to + ", so there would be nothing to move");
    }
  }

  private static void require(String option, long value, long atMost) {
    if (value < 1 || value > atMost) {
      throw new ReshardingException(
          ErrorCode.INVALID_ARGUMENTS,
          option + " is " + value + " and must be from 1 to " + atMost);
    }
  }

  /** The orders whose load makes about {@code rows} rows. */
  long orders() {
    return Math.max(1, Math.round(rows / ROWS_PER_ORDER));
  }

  int mostShards() {
    return Math.max(from, to);
  }
}
