package io.reshard.job;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.PendingShards;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What must stand before the job starts: targets, and on the operation's first start publications
 * and slots, recorded in the control database before they are made. On every later start they must
 * be there: made anew, they would silently lack the changes in between.
 */
final class JobPreparation {
  private static final Duration SLOT_TIMEOUT = Duration.ofSeconds(60);

  private final Plan plan;
  private final Secrets secrets;
  private final JobRegistry registry;

  JobPreparation(Plan plan, Secrets secrets) {
    this.plan = plan;
    this.secrets = secrets;
    this.registry = new JobRegistry(new ControlDatabase(secrets.control().endpoint()).migrate());
  }

  /** What the job starts from. */
  record Prepared(Migration migration, List<CaptureRecord> captures) {}

  /** Takes a generation and makes or checks what must stand. */
  Prepared run() {
    JobRegistry.Submission submission = registry.nextGeneration(plan.planId());
    if (submission.prepared()) {
      checkSlots();
    } else {
      new PendingShards(plan, secrets).create();
      createCaptures();
    }
    return new Prepared(
        new Migration(plan, secrets, submission.generation()), registry.captures(plan.planId()));
  }

  private void createCaptures() {
    List<ChangeCapture> captures = new ArrayList<>();
    for (String source : plan.sources()) {
      captures.add(new ChangeCapture(plan, source, endpoint(source)));
    }
    registry.recordCapture(plan.planId(), captures.stream().map(ChangeCapture::names).toList());
    List<CaptureRecord> made = new ArrayList<>();
    for (ChangeCapture capture : captures) {
      try {
        made.add(capture.create(SLOT_TIMEOUT));
      } catch (SQLException e) {
        throw new ReshardingException(
            ErrorCode.REPLICATION_FAILED,
            "change capture cannot be prepared on source "
                + capture.names().source()
                + ": "
                + e.getMessage(),
            e);
      }
    }
    registry.markPrepared(plan.planId(), made);
  }

  private void checkSlots() {
    for (CaptureRecord capture : registry.captures(plan.planId())) {
      try {
        if (!ChangeCapture.slotExists(endpoint(capture.source()), capture.slot())) {
          throw new ReshardingException(
              ErrorCode.SLOT_MISSING,
              "source "
                  + capture.source()
                  + ": the replication slot "
                  + capture.slot()
                  + " is gone, and with it the changes since. Roll the operation back and start"
                  + " it again");
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
