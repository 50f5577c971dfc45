package io.reshard.orchestrator.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;

/** Waits for what can only be asked for. */
final class Await {
  static final Duration PATIENCE = Duration.ofMinutes(30);
  private static final long POLL_MILLIS = 50;

  private Await() {}

  /** What is awaited. */
  @FunctionalInterface
  interface Condition {
    boolean holds() throws SQLException, IOException, InterruptedException;
  }

  /** Asks twenty times a second; {@link IllegalStateException} if it takes half an hour. */
  static void until(String what, Condition condition)
      throws SQLException, IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException("waited in vain for " + PATIENCE + ": " + what);
      }
      Thread.sleep(POLL_MILLIS);
    }
  }
}
