package io.reshard.orchestrator.phase;

import io.reshard.core.control.JobProgress;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.shard.Heartbeat;
import io.reshard.orchestrator.config.Units;
import io.reshard.orchestrator.flink.FlinkCluster;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.OptionalLong;

/**
 * Until rows are deleted the old shards are what one falls back on. They are given up only while
 * they are good for that: every new shard beats once more, and the reverse job has to let the beats
 * through, whatever the clocks say. A job that stands still, or has failed for good, means that
 * nobody could go back, and whoever cleans up may not know it.
 */
final class CurrentFallback {
  /** A job may have to start, or to restart after its longest wait. */
  private static final Duration STALL = Duration.ofMinutes(2);

  private final OperationContext back;
  private final OperationHandle handle;
  private final JobProgress progress;

  /** {@code back} is the context of the way back. */
  CurrentFallback(OperationContext back, OperationHandle handle) {
    this.back = back;
    this.handle = handle;
    this.progress = new JobProgress(back.control(), back.operationId());
  }

  /**
   * Has the reverse job run, and waits until the old shards have all that the new ones have now,
   * for as long as they come closer to it. {@code way_back_behind} if they do not; what passes by
   * itself is thrown as it is.
   */
  void require() {
    FlinkCluster cluster =
        back.cluster().orElseThrow(() -> behind("no Flink cluster is at hand", null));
    try {
      JobKeeper keeper = new JobKeeper(back, cluster, handle);
      keeper.ensureRunning();
      await(beat(), keeper);
    } catch (ReshardingException e) {
      if (e.errorCode() == ErrorCode.WAY_BACK_BEHIND
          || e.errorCode() == ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED
          || Failures.retryable(e)) {
        throw e;
      }
      throw behind(e.getMessage(), e);
    }
  }

  /** The value that no new shard has beaten below. */
  private long beat() {
    long highest = 0;
    Plan plan = back.plan();
    // Twice, since the frontier waits for the source whose clock is the slowest.
    for (int round = 1; round <= 2; round++) {
      for (String shard : plan.sources()) {
        highest = Math.max(highest, beat(shard, highest));
      }
    }
    return highest;
  }

  private long beat(String shard, long floor) {
    try (Connection connection =
        back.endpoint(shard).connect("reshard " + back.operationId() + " clean-up")) {
      return Heartbeat.beatAtLeast(connection, back.operationId(), floor).value();
    } catch (SQLException e) {
      if (Heartbeat.isMissing(e)) {
        throw behind("the change capture of " + shard + " is gone", e);
      }
      throw new ReshardingException(
          ErrorCode.SOURCE_UNAVAILABLE,
          "the heartbeat of " + shard + " cannot be updated: " + e.getMessage(),
          e);
    }
  }

  private void await(long value, JobKeeper keeper) {
    Duration limit = back.options().replicationTimeout();
    Duration stall = limit.compareTo(STALL) < 0 ? limit : STALL;
    long start = System.nanoTime();
    long moved = start;
    OptionalLong frontier = progress.frontier();
    while (frontier.isEmpty() || frontier.getAsLong() < value) {
      keeper.check(ErrorCode.REPLICATION_FAILED);
      long now = System.nanoTime();
      if (now - moved >= stall.toNanos()) {
        throw behind("nothing has come through the reverse job for " + Units.text(stall), null);
      }
      if (now - start >= limit.toNanos()) {
        throw behind("they have not caught up within " + Units.text(limit), null);
      }
      Waiting.sleep(Waiting.POLL);
      OptionalLong next = progress.frontier();
      if (!next.equals(frontier)) {
        moved = System.nanoTime();
      }
      frontier = next;
    }
  }

  private ReshardingException behind(String why, Throwable cause) {
    String id = back.plan().forwardId();
    return new ReshardingException(
        ErrorCode.WAY_BACK_BEHIND,
        "nothing is deleted, as the old shards "
            + back.plan().targets()
            + " are not known to have all that the new ones have: "
            + why
            + ". Mend that and run 'reshard complete "
            + id
            + "' again; 'reshard complete --force "
            + id
            + "' gives the way back up as it is",
        cause);
  }
}
