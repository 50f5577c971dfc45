package io.reshard.core.throttle;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.ControlPoll;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Holds the reads of one subtask back. Looks into the control database once a second, so that the
 * operator can change it while the job runs; while that database is away, what it said last stays
 * in force. Used by the reader's thread alone.
 */
public final class ReadThrottle implements AutoCloseable {
  private static final long POLL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Plan plan;
  private final Secrets secrets;
  private final ControlPoll control;
  private final Map<String, ShardThrottle> shards = new HashMap<>();
  private Throttle throttle = Throttle.NONE;
  private long polledAt = System.nanoTime() - POLL_NANOS;

  public ReadThrottle(Plan plan, Secrets secrets) {
    this.plan = plan;
    this.secrets = secrets;
    this.control = new ControlPoll(new ControlDatabase(secrets.control().endpoint()));
  }

  /** Whether a split of {@code shard} may be begun now; if so, {@link #end} has to follow. */
  public boolean begin(String shard) throws SQLException {
    poll();
    ShardThrottle own = of(shard);
    return !own.paused(throttle, pause -> report(shard, pause)) && own.begin(throttle);
  }

  /** A split of {@code shard} has been read. */
  public void end(String shard) throws SQLException {
    of(shard).end();
  }

  /** Bytes of {@code shard} have been read. */
  public void spend(String shard, long bytes) {
    of(shard).spend(bytes);
  }

  /** How long to wait before more of {@code shard} may be read; 0 if it may be read now. */
  public long nanosToWait(String shard) throws SQLException {
    poll();
    return of(shard).nanosToWait(throttle);
  }

  /** Whether what has been read may have to be waited for before more may be read. */
  public boolean isPaced() {
    return throttle.bytesPerSecond() != null;
  }

  private ShardThrottle of(String shard) {
    return shards.computeIfAbsent(shard, key -> new ShardThrottle(plan, secrets, key));
  }

  private void poll() {
    if (System.nanoTime() - polledAt >= POLL_NANOS) {
      throttle = control.ask(all -> new ThrottleStore(all).get(plan.planId())).orElse(throttle);
      polledAt = System.nanoTime();
    }
  }

  private void report(String shard, Optional<String> pause) {
    control.ask(
        all -> {
          ThrottleStore store = new ThrottleStore(all);
          pause.ifPresentOrElse(
              reason -> store.pause(plan.planId(), shard, reason),
              () -> store.endPause(plan.planId(), shard));
          return true;
        });
  }

  @Override
  public void close() throws SQLException {
    control.close();
    for (ShardThrottle shard : shards.values()) {
      shard.close();
    }
  }
}
