package io.reshard.core.throttle;

import io.reshard.core.control.Throttle;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Holds the reads of one subtask from one shard back. Not thread-safe. */
final class ShardThrottle implements AutoCloseable {
  private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final ReadPermit permit;
  private final PauseQuery pauseQuery;
  private final ByteBudget budget = new ByteBudget(System::nanoTime);
  private Optional<String> pause = Optional.empty();
  private long askedAt = System.nanoTime() - POLL_NANOS;
  private int readers = 1;
  private long countedAt = System.nanoTime() - POLL_NANOS;

  ShardThrottle(Plan plan, Secrets secrets, String shard) {
    this.permit = new ReadPermit(plan, secrets, shard);
    this.pauseQuery = new PauseQuery(plan, secrets, shard);
  }

  /**
   * Whether no split may be begun now, by the operator's query as it was a second ago at most.
   *
   * @param report takes the reason whenever it was asked for, and its absence when that is new
   */
  boolean paused(Throttle throttle, Consumer<Optional<String>> report) {
    if (due(askedAt)) {
      boolean before = pause.isPresent();
      pause = throttle.pauseQuery() == null ? Optional.empty() : pauseQuery.reason(throttle);
      askedAt = System.nanoTime();
      if (before || pause.isPresent()) {
        report.accept(pause);
      }
    }
    return pause.isPresent();
  }

  /** Whether this subtask may read from the shard, beside the other readers. */
  boolean begin(Throttle throttle) throws SQLException {
    return throttle.readersPerSource() == null || permit.take(throttle.readersPerSource());
  }

  void end() throws SQLException {
    permit.leave();
  }

  void spend(long bytes) {
    budget.spend(bytes);
  }

  /** How long to wait before the next block. All readers of the shard share the rate. */
  long nanosToWait(Throttle throttle) throws SQLException {
    if (throttle.bytesPerSecond() == null) {
      return budget.nanosToWait(Double.MAX_VALUE);
    }
    if (due(countedAt)) {
      // Who waits counts as a reader, but takes no place that begin() would not give it.
      permit.take(throttle.readersPerSource());
      readers = Math.max(1, permit.taken());
      countedAt = System.nanoTime();
    }
    return budget.nanosToWait((double) throttle.bytesPerSecond() / readers);
  }

  private static boolean due(long last) {
    return System.nanoTime() - last >= POLL_NANOS;
  }

  @Override
  public void close() throws SQLException {
    pauseQuery.close();
    permit.close();
  }
}
