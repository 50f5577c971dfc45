package io.reshard.orchestrator.cutover;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.topology.Shard;
import java.util.Optional;

/**
 * The attempts to switch one operation. Whoever turns OPEN into SWITCHED has switched; whoever
 * turns it into ABORTED may drop the fence. A lost reply is answered by reading the row.
 */
final class CutoverAttempts {
  /** The state of an attempt. */
  enum Status {
    OPEN,
    SWITCHED,
    ABORTED
  }

  private final ControlDatabase control;
  private final Plan plan;

  CutoverAttempts(ControlDatabase control, Plan plan) {
    this.control = control;
    this.plan = plan;
  }

  /** Opens the next attempt; {@code cutover_failed} if one is open or has switched. */
  int open() {
    return control
        .call(
            "open a cutover attempt",
            jdbi ->
                jdbi.withHandle(
                    handle ->
                        handle
                            .createQuery(
                                "INSERT INTO cutover_attempt (operation_id, attempt, status)"
                                    + " SELECT ?, coalesce(max(attempt), 0) + 1, 'OPEN'"
                                    + " FROM cutover_attempt WHERE operation_id = ?"
                                    + " HAVING coalesce(bool_and(status = 'ABORTED'), true)"
                                    + " RETURNING attempt")
                            .bind(0, plan.planId())
                            .bind(1, plan.planId())
                            .mapTo(Integer.class)
                            .findOne()))
        .orElseThrow(
            () ->
                new ReshardingException(
                    ErrorCode.CUTOVER_FAILED,
                    "another cutover of operation "
                        + plan.planId()
                        + " is under way or has switched; run 'reshard resume' to end it"));
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
                                new Attempt(row.getInt(1), Status.valueOf(row.getString(2))))
                        .findOne()));
  }

  /** An attempt as it is stored. */
  record Attempt(int number, Status status) {}

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
                  return null;
                }));
  }

  /** Turns the attempt from OPEN to ABORTED and returns what it is afterwards. */
  Status abort(int attempt) {
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
                  return Status.valueOf(
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
}
