package io.reshard.job;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.CaptureRegistry;
import io.reshard.core.control.CaptureTurn;
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
  private final CaptureRegistry captures;

  JobPreparation(Plan plan, Secrets secrets) {
    this.plan = plan;
    this.secrets = secrets;
    this.control = new ControlDatabase(secrets.control().endpoint()).migrate();
    this.registry = new JobRegistry(control);
    this.captures = new CaptureRegistry(control, plan.planId());
  }

  /** What the job starts from. */
  record Prepared(Migration migration, List<CaptureRecord> captures) {}

  /** Takes a generation and makes or checks what must stand. */
  Prepared run() {
    requireOwnTopology();
    return prepare(registry.nextGeneration(plan.planId()));
  }

  /**
   * What was read as the generation was taken may no longer be true: (1) two submissions find that
   * nothing is prepared; (2) one makes the slots, starts, copies a split and parks the change of a
   * row of it; (3) the other one makes the slots anew, starts, and finds the split copied: the
   * change is in neither. So it is asked again as the turn to make them is taken.
   */
  Prepared prepare(JobRegistry.Submission submission) {
    int generation = submission.generation();
    CaptureTurn turn = CaptureTurn.ofSubmission(generation);
    ChangeCaptures making = new ChangeCaptures(plan, secrets, control);
    if (submission.prepared() || plan.isReverse() || !making.begin(turn)) {
      checkSlots();
    } else {
      new PendingShards(plan, secrets).create();
      new UncopiedTargets(plan, secrets).claim(generation);
      making.make(turn, SLOT_TIMEOUT);
    }
    return new Prepared(new Migration(plan, secrets, generation), captures.captures());
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
    List<CaptureRecord> recorded = captures.captures();
    if (recorded.isEmpty()) {
      throw new ReshardingException(
          ErrorCode.SLOT_MISSING,
          "no change capture stands for plan "
              + plan.planId()
              + ": it has ended, or was never made");
    }
    for (CaptureRecord capture : recorded) {
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
