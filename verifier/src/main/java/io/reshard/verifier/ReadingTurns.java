package io.reshard.verifier;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.ControlPoll;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.throttle.ReadThrottle;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * When a reader may begin its next reading, and whether it may at all. For one reader's thread, but
 * for {@link #abandon}.
 */
final class ReadingTurns implements AutoCloseable {
  private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Verification verification;
  private final ReadThrottle throttle;
  private final ControlPoll control;
  private long polledAt = System.nanoTime() - POLL_NANOS;
  private boolean stopRequested;
  private volatile boolean abandoned;

  ReadingTurns(Verification verification) {
    this.verification = verification;
    this.throttle = new ReadThrottle(verification.plan(), verification.secrets());
    this.control =
        new ControlPoll(new ControlDatabase(verification.secrets().control().endpoint()));
  }

  /**
   * Waits until {@code shard} may be read; then {@link #end} has to follow. False if no more is to
   * be read.
   */
  boolean begin(String shard) throws SQLException {
    while (!abandoned && !stopRequested()) {
      if (throttle.nanosToWait(shard) == 0 && throttle.begin(shard)) {
        return true;
      }
      LockSupport.parkNanos(REST_NANOS);
    }
    return false;
  }

  private boolean stopRequested() {
    if (!stopRequested && System.nanoTime() - polledAt >= POLL_NANOS) {
      stopRequested =
          control
              .ask(
                  database ->
                      new VerificationRuns(database, verification.plan())
                          .stopRequested(verification.run()))
              .orElse(false);
      polledAt = System.nanoTime();
    }
    return stopRequested;
  }

  /** No row has left the server, so what the scan has cost is what the plan's statistics say. */
  void end(Reading reading) throws SQLException {
    PlannedTable table = verification.plan().tables().get(reading.range().table());
    throttle.spend(reading.shard(), reading.estimatedBytes(table));
    throttle.end(reading.shard());
  }

  /** Ends any waiting at once. May be called by any thread. */
  void abandon() {
    abandoned = true;
  }

  @Override
  public void close() throws SQLException {
    control.close();
    throttle.close();
  }
}
