package io.reshard.verifier;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
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

  private final ReadThrottle throttle;
  private final StopSignal stop;
  private volatile boolean abandoned;

  ReadingTurns(Verification verification, StopSignal stop) {
    this.throttle = new ReadThrottle(verification.plan(), verification.secrets());
    this.stop = stop;
  }

  /** Some reading, once it may begin. */
  @FunctionalInterface
  interface Turn<T> {
    T take() throws SQLException;
  }

  /**
   * The result of {@code turn}, which reads about {@code bytes} on {@code shard}, as soon as it may
   * begin; {@code verification_stopped} if no more is to be read.
   */
  <T> T read(String shard, long bytes, Turn<T> turn) throws SQLException {
    if (!begin(shard)) {
      throw new ReshardingException(
          ErrorCode.VERIFICATION_STOPPED, "nothing more is to be read on shard " + shard);
    }
    try {
      return turn.take();
    } finally {
      end(shard, bytes);
    }
  }

  /**
   * Waits until {@code shard} may be read; then {@link #end} has to follow. False if no more is to
   * be read.
   */
  boolean begin(String shard) throws SQLException {
    while (!abandoned && !stop.requested()) {
      if (throttle.nanosToWait(shard) == 0 && throttle.begin(shard)) {
        return true;
      }
      LockSupport.parkNanos(REST_NANOS);
      if (!abandoned && Thread.currentThread().isInterrupted()) {
        throw new ReshardingException(
            ErrorCode.VERIFICATION_FAILED, "interrupted while waiting to read shard " + shard);
      }
    }
    return false;
  }

  /** No row has left the server, so what a scan has cost is what the plan's statistics say. */
  void end(String shard, long bytes) throws SQLException {
    throttle.spend(shard, bytes);
    throttle.end(shard);
  }

  /** What was read without a turn of its own: the next turn waits for it. */
  void spend(String shard, long bytes) {
    throttle.spend(shard, bytes);
  }

  /** Ends any waiting at once. May be called by any thread. */
  void abandon() {
    abandoned = true;
  }

  @Override
  public void close() throws SQLException {
    throttle.close();
  }
}
