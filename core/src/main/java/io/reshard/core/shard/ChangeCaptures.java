package io.reshard.core.shard;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.postgres.SqlStates;
import io.reshard.core.topology.Topology;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The change capture of all sources of a plan. It is recorded in the control database before it is
 * made and forgotten after it is gone, so that a crash leaves no slot that nobody knows.
 */
public final class ChangeCaptures {
  private final Plan plan;
  private final Secrets secrets;
  private final JobRegistry registry;

  public ChangeCaptures(Plan plan, Secrets secrets, ControlDatabase control) {
    this.plan = plan;
    this.secrets = secrets;
    this.registry = new JobRegistry(control);
  }

  /**
   * Makes all of it, replacing what an interrupted attempt left behind. Errors: {@code
   * slot_creation_blocked}, and {@code replication_failed} with what the source says.
   *
   * @param timeout how long open transactions of one source may delay its slot
   */
  public void create(Duration timeout) {
    List<ChangeCapture> captures = plan.sources().stream().map(this::capture).toList();
    registry.recordCapture(plan.planId(), captures.stream().map(ChangeCapture::names).toList());
    List<CaptureRecord> made = new ArrayList<>();
    for (ChangeCapture capture : captures) {
      try {
        made.add(capture.create(timeout));
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

  /**
   * Drops what is recorded and returns it. With a database its slots are gone as well. A source
   * that cannot be reached keeps its own alone, and its record: {@code source_unavailable} names
   * it, and a further call goes on.
   */
  public List<CaptureRecord> drop() {
    List<CaptureRecord> captures = registry.captures(plan.planId());
    List<ReshardingException> failures = new ArrayList<>();
    for (CaptureRecord capture : captures) {
      try {
        drop(capture);
      } catch (ReshardingException e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      ReshardingException first = failures.remove(0);
      failures.forEach(first::addSuppressed);
      throw first;
    }
    return captures;
  }

  private void drop(CaptureRecord capture) {
    try {
      capture(capture.source()).drop(capture);
    } catch (SQLException e) {
      if (!SqlStates.INVALID_CATALOG_NAME.equals(e.getSQLState())) {
        throw new ReshardingException(
            ErrorCode.SOURCE_UNAVAILABLE,
            "the change capture on " + capture.source() + " cannot be dropped: " + e.getMessage(),
            e);
      }
    }
    registry.forgetCapture(plan.planId(), capture.source());
  }

  private ChangeCapture capture(String source) {
    Topology topology = plan.topologyOf(source);
    return new ChangeCapture(plan, source, secrets.endpoint(topology, topology.shard(source)));
  }
}
