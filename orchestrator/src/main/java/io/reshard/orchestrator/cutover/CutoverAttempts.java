package io.reshard.orchestrator.cutover;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.phase.CutoverStatus;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The attempts to switch one operation. A lost reply is answered by reading the row. */
final class CutoverAttempts {
  private final ControlDatabase control;
  private final Plan plan;

  CutoverAttempts(ControlDatabase control, Plan plan) {
    this.control = control;
    this.plan = plan;
  }

  /** Opens the next attempt; {@code cutover_failed} if one is open, has switched or is closed. */
  int open() {
    return insert("open a cutover attempt", CutoverStatus.OPEN)
        .orElseThrow(
            () ->
                new ReshardingException(
                    ErrorCode.CUTOVER_FAILED,
                    isClosed()
                        ? "operation "
                            + plan.forwardId()
                            + (plan.isReverse() ? " is being cleaned up" : " is being rolled back")
                            + ", and cannot switch any more"
                        : "another cutover of operation "
                            + plan.forwardId()
                            + " is under way or has switched; run 'reshard resume' to end it"));
  }

  private boolean isClosed() {
    return newest().filter(attempt -> attempt.status() == CutoverStatus.CLOSED).isPresent();
  }

  /** Keeps any further attempt from being opened; {@code invalid_phase_transition} if one is. */
  void close() {
    boolean closed =
        insert("close the cutover attempts", CutoverStatus.CLOSED).isPresent() || isClosed();
    if (closed) {
      return;
    }
    if (plan.isReverse()) {
      throw new ReshardingException(
          ErrorCode.INVALID_PHASE_TRANSITION,
          "operation "
              + plan.forwardId()
              + " is being rolled back; 'reshard rollback "
              + plan.forwardId()
              + "' ends that, 'reshard resume "
              + plan.forwardId()
              + "' gives it up if the topology has not been switched back");
    }
    throw new ReshardingException(
        ErrorCode.INVALID_PHASE_TRANSITION,
        "a cutover of operation " + plan.forwardId() + " is under way or has switched");
  }

  /** One more attempt, if all before it were aborted. */
  private Optional<Integer> insert(String what, CutoverStatus status) {
    return control.call(
        what,
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "INSERT INTO cutover_attempt (operation_id, attempt, status)"
                                + " SELECT ?, coalesce(max(attempt), 0) + 1, ?"
                                + " FROM cutover_attempt WHERE operation_id = ?"
                                + " HAVING coalesce(bool_and(status = 'ABORTED'), true)"
                                + " RETURNING attempt")
                        .bind(0, plan.planId())
                        .bind(1, status.name())
                        .bind(2, plan.planId())
                        .mapTo(Integer.class)
                        .findOne()));
  }

  /** The newest attempt and its state, if there was any. */
  Optional<Attempt> newest() {
    return control.call(
        "read the cutover attempts",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT attempt, status FROM cutover_attempt WHERE operation_id = ?"
                                + " ORDER BY attempt DESC LIMIT 1")
                        .bind(0, plan.planId())
                        .map(
                            (row, context) ->
                                new Attempt(row.getInt(1), CutoverStatus.valueOf(row.getString(2))))
                        .findOne()));
  }

  /** An attempt as it is stored. */
  record Attempt(int number, CutoverStatus status) {}

  /**
   * The switch: attempt, topology and shard statuses change in one transaction. {@code
   * cutover_aborted} if the attempt was aborted meanwhile, {@code topology_conflict} if another
   * topology is in force.
   */
  void switchTopology(int attempt) {
    control.call(
        "switch the topology",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  switchTopology(handle, attempt);
                  return null;
                }));
  }

  /** The switch, rolled back at once: what refuses it does so before a writer has to wait. */
  void rehearseSwitch(int attempt) {
    control.call(
        "rehearse the switch of the topology",
        jdbi ->
            jdbi.withHandle(
                handle -> {
                  handle.begin();
                  try {
                    switchTopology(handle, attempt);
                  } finally {
                    handle.rollback();
                  }
                  return null;
                }));
  }

  private void switchTopology(Handle handle, int attempt) {
    int closed =
        handle.execute(
            "UPDATE cutover_attempt SET status = 'SWITCHED', closed_at = now()"
                + " WHERE operation_id = ? AND attempt = ? AND status = 'OPEN'",
            plan.planId(),
            attempt);
    if (closed == 0) {
      throw new ReshardingException(
          ErrorCode.CUTOVER_ABORTED,
          "cutover attempt " + attempt + " was aborted by another process");
    }
    TopologyStore.compareAndSet(handle, plan.source().version(), plan.target());
    for (Shard shard : plan.target().shards()) {
      TopologyStore.record(handle, shard.id(), shard.status(), null);
    }
    for (Shard shard : plan.source().shards()) {
      if (plan.target().findShard(shard.id()).isEmpty()) {
        TopologyStore.record(handle, shard.id(), ShardStatus.TO_BE_DELETED, null);
      }
    }
  }

  /** Turns the attempt from OPEN to ABORTED and returns what it is afterwards. */
  CutoverStatus abort(int attempt) {
    return control.call(
        "abort the cutover attempt",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  handle.execute(
                      "UPDATE cutover_attempt SET status = 'ABORTED', closed_at = now()"
                          + " WHERE operation_id = ? AND attempt = ? AND status = 'OPEN'",
                      plan.planId(),
                      attempt);
                  return CutoverStatus.valueOf(
                      handle
                          .createQuery(
                              "SELECT status FROM cutover_attempt"
                                  + " WHERE operation_id = ? AND attempt = ?")
                          .bind(0, plan.planId())
                          .bind(1, attempt)
                          .mapTo(String.class)
                          .one());
                }));
  }

  /** Notes how long the sources refused writes; the switch is done whatever comes of this. */
  void recordWindow(int attempt, long millis) {
    control.call(
        "record the window of the cutover",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle.execute(
                        "UPDATE cutover_attempt SET read_only_millis = ?"
                            + " WHERE operation_id = ? AND attempt = ?",
                        millis,
                        plan.planId(),
                        attempt)));
  }
}
