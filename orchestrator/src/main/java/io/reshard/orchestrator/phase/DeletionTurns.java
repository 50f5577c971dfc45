package io.reshard.orchestrator.phase;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.throttle.ReadThrottle;
import java.sql.SQLException;
import java.time.Duration;

/**
 * When the next batch of rows may be deleted: while the hold on the topology lasts, and no faster
 * than the operator's throttle has it.
 */
final class DeletionTurns implements AutoCloseable {
  private final TopologyHold hold;
  private final ReadThrottle throttle;

  DeletionTurns(TopologyHold hold, Plan plan, Secrets secrets) {
    this.hold = hold;
    this.throttle = new ReadThrottle(plan, secrets);
  }

  /** Waits for the turn of {@code shard}; throws if the hold has been lost. */
  void begin(String shard) throws SQLException {
    hold.requireHeld();
    while (!throttle.begin(shard)) {
      pause(Waiting.POLL);
    }
    for (long nanos; (nanos = throttle.nanosToWait(shard)) > 0; ) {
      Duration left = Duration.ofNanos(nanos);
      pause(left.compareTo(Waiting.POLL) < 0 ? left : Waiting.POLL);
    }
  }

  private void pause(Duration duration) throws SQLException {
    Waiting.sleep(duration);
    hold.requireHeld();
  }

  /** A batch of {@code rows} rows was deleted; they weigh what the plan's statistics say. */
  void end(String shard, PlannedTable table, long rows) throws SQLException {
    throttle.spend(shard, table.bytesOf(rows));
    throttle.end(shard);
  }

  @Override
  public void close() throws SQLException {
    throttle.close();
  }
}
