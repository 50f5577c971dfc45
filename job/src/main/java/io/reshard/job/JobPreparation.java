package io.reshard.job;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.ChangeCaptures;
import io.reshard.core.shard.PendingShards;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * What must stand before the job starts: targets, and on the operation's first start publications
 * and slots. On every later start, and always on the way back, for which the cutover makes them,
 * they must be there: made anew, they would silently lack the changes in between.
 */
final class JobPreparation {
  private static final Duration SLOT_TIMEOUT = Duration.ofSeconds(60);

  private final Plan plan;
  private final Secrets secrets;
  private final ControlDatabase control;
  private final JobRegistry registry;

  JobPreparation(Plan plan, Secrets secrets) {
    this.plan = plan;
    this.secrets = secrets;
    this.control = new ControlDatabase(secrets.control().endpoint()).migrate();
    this.registry = new JobRegistry(control);
  }

  /** What the job starts from. */
  record Prepared(Migration migration, List<CaptureRecord> captures) {}

  /** Takes a generation and makes or checks what must stand. */
  Prepared run() {
    requireOwnTopology();
    JobRegistry.Submission submission = registry.nextGeneration(plan.planId());
    if (submission.prepared() || plan.isReverse()) {
      checkSlots();
    } else {
      new PendingShards(plan, secrets).create();
      new ChangeCaptures(plan, secrets, control).create(SLOT_TIMEOUT);
    }
    return new Prepared(
        new Migration(plan, secrets, submission.generation()), registry.captures(plan.planId()));
  }

  /**
   * Before the switch the old shards own the rows, and the way back would overwrite them. After any
   * switch the job would take what the new owners write for stale copies.
   */
  private void requireOwnTopology() {
    long own = plan.source().version();
    long active = new TopologyStore(control).activeVersion();
    if (plan.isReverse() ? active != own : active > own) {
      throw new ReshardingException(
          ErrorCode.TOPOLOGY_CONFLICT,
          "the job of plan %s may only run while version %d of the topology is active; it is version %d"
              .formatted(plan.planId(), own, active));
    }
  }

  private void checkSlots() {
    List<CaptureRecord> captures = registry.captures(plan.planId());
    if (captures.isEmpty()) {
      throw new ReshardingException(
          ErrorCode.SLOT_MISSING,
          "no change capture stands for plan "
              + plan.planId()
              + ": it has ended, or was never made");
    }
    for (CaptureRecord capture : captures) {
      try {
        if (ChangeCapture.slotPosition(endpoint(capture.source()), capture.slot()).isEmpty()) {
          throw new ReshardingException(
              ErrorCode.SLOT_MISSING,
              "source "
                  + capture.source()
                  + ": the replication slot "
                  + capture.slot()
                  + " is gone or has lost write-ahead log, and with it the changes since. Roll the"
                  + " operation back and start it again");
        }
      } catch (SQLException e) {
        throw new ReshardingException(
            ErrorCode.SOURCE_UNAVAILABLE,
            "source " + capture.source() + " cannot be reached: " + e.getMessage(),
            e);
      }
    }
  }

  private Endpoint endpoint(String source) {
    return secrets.endpoint(plan.source(), plan.source().shard(source));
  }
}
