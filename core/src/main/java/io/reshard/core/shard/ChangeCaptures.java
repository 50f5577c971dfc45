package io.reshard.core.shard;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.CaptureRegistry;
import io.reshard.core.control.CaptureTurn;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.CollectedFailures;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The change capture of all sources of a plan. It is recorded in the control database before it is
 * made and forgotten after it is gone, so that a crash leaves no slot that nobody knows. Whoever
 * makes or drops it takes a turn first, and touches a source, or a record, only while nobody has
 * taken a later one.
 */
public final class ChangeCaptures {
  private static final Logger LOG = LoggerFactory.getLogger(ChangeCaptures.class);

  private final Plan plan;
  private final Secrets secrets;
  private final CaptureRegistry registry;

  public ChangeCaptures(Plan plan, Secrets secrets, ControlDatabase control) {
    this.plan = plan;
    this.secrets = secrets;
    this.registry = new CaptureRegistry(control, plan.planId());
  }

  /**
   * Takes the turn to make all of it, and records what will be made. Returns false if it stands
   * already and is not to be replaced; {@code epoch_superseded} if a later turn has been taken.
   */
  public boolean begin(CaptureTurn turn) {
    return registry.begin(
        turn, plan.sources().stream().map(source -> capture(source, turn).names()).toList());
  }

  /**
   * Makes all of it, replacing what an earlier turn left behind. Errors: {@code
   * slot_creation_blocked}, {@code replication_failed} with what the source says, and {@code
   * epoch_superseded} if a later turn has been taken meanwhile: whatever was made is known to that
   * one.
   *
   * @param turn that has been begun
   * @param timeout how long open transactions of one source may delay its slot
   */
  public void make(CaptureTurn turn, Duration timeout) {
    List<CaptureRecord> made = new ArrayList<>();
    for (String source : plan.sources()) {
      try {
        made.add(capture(source, turn).create(timeout));
      } catch (SQLException e) {
        // Who has lost the turn has lost its sessions, and these errors say no more.
        registry.requireTurn(turn);
        throw new ReshardingException(
            ErrorCode.REPLICATION_FAILED,
            "change capture cannot be prepared on source " + source + ": " + e.getMessage(),
            e);
      }
    }
    registry.markPrepared(turn, made);
  }

  /**
   * Drops what is recorded and returns it; nothing if a later turn has been taken, as what stands
   * is for that one to drop. With a database its slots are gone as well. A source that cannot be
   * reached keeps its own alone, and its record: {@code source_unavailable} names it, and a further
   * call goes on.
   */
  public List<CaptureRecord> drop(CaptureTurn turn) {
    List<CaptureRecord> dropped = new ArrayList<>();
    CollectedFailures failures = new CollectedFailures();
    for (CaptureRecord capture : registry.beginRemoval(turn).orElse(List.of())) {
      failures.collect(
          () -> {
            if (drop(turn, capture)) {
              dropped.add(capture);
            }
          });
    }
    if (!failures.failures().isEmpty() && !registry.isTurn(turn)) {
      LOG.info("what is left belongs to a later cutover or rollback: {}", failures.failures());
      return dropped;
    }
    failures.throwAny();
    return dropped;
  }

  private boolean drop(CaptureTurn turn, CaptureRecord capture) {
    try {
      capture(capture.source(), turn).drop(capture);
    } catch (SQLException e) {
      if (!SqlStates.INVALID_CATALOG_NAME.equals(e.getSQLState())) {
        throw new ReshardingException(
            ErrorCode.SOURCE_UNAVAILABLE,
            "the change capture on " + capture.source() + " cannot be dropped: " + e.getMessage(),
            e);
      }
    }
    return registry.forget(turn, capture.source());
  }

  private ChangeCapture capture(String source, CaptureTurn turn) {
    Topology topology = plan.topologyOf(source);
    return new ChangeCapture(
        plan,
        source,
        secrets.endpoint(topology, topology.shard(source)),
        () -> registry.requireTurn(turn));
  }
}
