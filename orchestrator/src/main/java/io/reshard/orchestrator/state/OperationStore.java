package io.reshard.orchestrator.state;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.postgres.SqlStates;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/**
 * The operations in the control database. Every change is one transaction and a compare-and-set on
 * the operation's version; who loses gets {@code invalid_phase_transition} and must read again.
 * Thread-safe.
 */
public final class OperationStore {
  private static final String COLUMNS =
      "id, phase, last_completed_phase, error_code, error_message, job_id, checkpoint_path, driver,"
          + " hold_after, started_at, updated_at, driver_token, version";

  private static final String CREATION_WAIT = "SET LOCAL lock_timeout = '5s'";

  private final ControlDatabase control;

  public OperationStore(ControlDatabase control) {
    this.control = control;
  }

  /**
   * Stores a new operation in the phase PLANNING; its id is the plan's.
   *
   * @param options what the operator chose, for the record
   */
  public Operation create(Plan plan, Map<String, String> options) {
    return create(plan, options, Optional.empty());
  }

  /**
   * The same for an operation that shall stop.
   *
   * @param holdAfter the phase behind which it waits for a person
   */
  public Operation create(Plan plan, Map<String, String> options, Optional<Phase> holdAfter) {
    return call(
        "store the operation",
        handle -> {
          try {
            return create(handle, plan, options, holdAfter);
          } catch (UnableToExecuteStatementException e) {
            if (hasState(e, SqlStates.LOCK_NOT_AVAILABLE)) {
              throw new ReshardingException(
                  ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
                  "the topology is in use, by the clean-up or rollback of an earlier operation, or"
                      + " by one that just begins; try again when that has ended",
                  e);
            }
            throw e;
          }
        });
  }

  /**
   * The active operation is asked for first: a clean-up, which is one, keeps the row of the active
   * topology locked for as long as it deletes. One that is completed, and cleans up what it has
   * left behind, is found by that lock alone, so the lock is not waited for without a bound.
   */
  private static Operation create(
      Handle handle, Plan plan, Map<String, String> options, Optional<Phase> holdAfter) {
    handle.execute(CREATION_WAIT);
    int inserted =
        handle.execute(
            "INSERT INTO operation (id, phase, plan, options, hold_after)"
                + " VALUES (?, ?, ?::jsonb, ?::jsonb, ?) ON CONFLICT DO NOTHING",
            plan.planId(),
            Phase.PLANNING.name(),
            Documents.toJson(plan),
            Documents.toJson(options),
            holdAfter.map(Phase::name).orElse(null));
    if (inserted == 0) {
      throw notAlone(handle, plan.planId());
    }
    requireActive(handle, plan);
    requireNoneFailed(handle, plan);
    enterHistory(handle, plan.planId(), Phase.PLANNING);
    return find(handle, plan.planId()).orElseThrow();
  }

  private static void requireActive(Handle handle, Plan plan) {
    long active =
        handle
            .createQuery("SELECT version FROM active_topology FOR SHARE")
            .mapTo(Long.class)
            .findOne()
            .orElse(0L);
    if (active != plan.source().version()) {
      throw new ReshardingException(
          ErrorCode.TOPOLOGY_CONFLICT,
          "plan "
              + plan.planId()
              + " was made against version "
              + plan.source().version()
              + " of the topology, but version "
              + active
              + " is active; plan again");
    }
  }

  /**
   * What a failed operation has made still stands: its job may run, and a rollback of it would take
   * for its own what a later operation has copied. Asked after the insert, which waits for one that
   * is just failing.
   */
  private static void requireNoneFailed(Handle handle, Plan plan) {
    Optional<String> failed =
        handle
            .createQuery(
                "SELECT id FROM operation WHERE phase = 'FAILED'"
                    + " AND (plan #>> '{source,version}')::bigint = ? LIMIT 1")
            .bind(0, plan.source().version())
            .mapTo(String.class)
            .findOne();
    if (failed.isPresent()) {
      throw new ReshardingException(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
          "operation %1$s has failed, and what it has made still stands; 'reshard rollback %1$s' removes that, 'reshard resume %1$s' goes on with it"
              .formatted(failed.get()));
    }
  }

  private static ReshardingException notAlone(Handle handle, String id) {
    if (find(handle, id).isPresent()) {
      return new ReshardingException(
          ErrorCode.INVALID_PHASE_TRANSITION,
          "operation " + id + " exists already; 'reshard resume " + id + "' goes on with it");
    }
    return concurrent(list(handle, true).stream().map(Operation::id).findFirst().orElse("?"));
  }

  private static ReshardingException concurrent(String other) {
    return new ReshardingException(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
        "operation " + other + " is active; wait for it, or roll it back, before the next one");
  }

  /** The ids of all operations, of finished ones too. */
  public List<String> ids() {
    return list().stream().map(Operation::id).toList();
  }

  /** The operation; {@code resharding_not_found} if there is none of that id. */
  public Operation get(String id) {
    return find(id)
        .orElseThrow(
            () ->
                new ReshardingException(
                    ErrorCode.RESHARDING_NOT_FOUND,
                    "there is no operation '" + id + "'; 'reshard list' shows all"));
  }

  public Optional<Operation> find(String id) {
    return call("read an operation", handle -> find(handle, id));
  }

  /** The plan of an operation that exists. */
  public Plan plan(String id) {
    String json =
        call(
            "read a plan",
            handle ->
                handle
                    .createQuery("SELECT plan FROM operation WHERE id = ?")
                    .bind(0, id)
                    .mapTo(String.class)
                    .one());
    return PlanFile.parse(json, "the stored plan of operation " + id);
  }

  /** Every operation, the newest first. */
  public List<Operation> list() {
    return call("list the operations", handle -> list(handle, false));
  }

  /** The operations that are not in a terminal phase. */
  public List<Operation> listActive() {
    return call("list the active operations", handle -> list(handle, true));
  }

  /** Every passage through a phase, the oldest first. */
  public List<PhaseRecord> history(String id) {
    return call(
        "read the history",
        handle ->
            handle
                .createQuery(
                    "SELECT phase, started_at, completed_at FROM phase_history"
                        + " WHERE operation_id = ? ORDER BY started_at, completed_at NULLS LAST")
                .bind(0, id)
                .map(
                    (row, context) ->
                        new PhaseRecord(
                            Phase.of(row.getString(1)),
                            instant(row, "started_at"),
                            instant(row, "completed_at")))
                .list());
  }

  /** Marks the current phase as completed; it stays the current one. */
  public Operation complete(Operation operation) {
    return change(
        operation,
        handle -> {
          int changed =
              handle.execute(
                  "UPDATE operation SET last_completed_phase = phase, error_code = NULL,"
                      + " error_message = NULL, version = version + 1, updated_at = now()"
                      + " WHERE id = ? AND version = ?",
                  operation.id(),
                  operation.version());
          if (changed == 1) {
            leaveHistory(handle, operation.id());
          }
          return changed;
        });
  }

  /** Enters {@code next} and forgets the error. */
  public Operation enter(Operation operation, Phase next) {
    return move(operation, next, null);
  }

  /** Ends the operation as FAILED. */
  public Operation fail(Operation operation, OperationError error) {
    return move(operation, Phase.FAILED, error);
  }

  /** Completes CLEANING_UP although it failed: the error stays in the result. */
  public Operation completeWithError(Operation operation, OperationError error) {
    return move(operation, Phase.COMPLETED, error);
  }

  private Operation move(Operation operation, Phase next, OperationError error) {
    if (!operation.phase().mayBecome(next)) {
      throw new ReshardingException(
          ErrorCode.INVALID_PHASE_TRANSITION,
          "operation "
              + operation.id()
              + " is "
              + operation.phase()
              + " and cannot become "
              + next);
    }
    return change(
        operation,
        handle -> {
          int changed =
              handle.execute(
                  "UPDATE operation SET phase = ?, error_code = ?, error_message = ?,"
                      + " version = version + 1, updated_at = now() WHERE id = ? AND version = ?",
                  next.name(),
                  error == null ? null : error.code(),
                  error == null ? null : error.message(),
                  operation.id(),
                  operation.version());
          if (changed == 1) {
            leaveHistory(handle, operation.id());
            enterHistory(handle, operation.id(), next);
          }
          return changed;
        });
  }

  /** Notes why the operation pauses, or with null that it goes on; the phase stays. */
  public Operation pause(Operation operation, OperationError reason) {
    return change(
        operation,
        handle ->
            handle.execute(
                "UPDATE operation SET error_code = ?, error_message = ?, version = version + 1,"
                    + " updated_at = now() WHERE id = ? AND version = ?",
                reason == null ? null : reason.code(),
                reason == null ? null : reason.message(),
                operation.id(),
                operation.version()));
  }

  /** Notes the Flink job that is about to be submitted, and what it starts from (or null). */
  public Operation recordJob(Operation operation, String jobId, String checkpointPath) {
    return change(
        operation,
        handle ->
            handle.execute(
                "UPDATE operation SET job_id = ?, checkpoint_path = ?, version = version + 1,"
                    + " updated_at = now() WHERE id = ? AND version = ?",
                jobId,
                checkpointPath,
                operation.id(),
                operation.version()));
  }

  /**
   * Notes how far the operation is to be driven; by whom, {@link DriverLock} does.
   *
   * @param holdAfter the phase behind which it waits for a person
   */
  public Operation recordHold(Operation operation, Optional<Phase> holdAfter) {
    return change(
        operation,
        handle ->
            handle.execute(
                "UPDATE operation SET hold_after = ?, version = version + 1,"
                    + " updated_at = now() WHERE id = ? AND version = ?",
                holdAfter.map(Phase::name).orElse(null),
                operation.id(),
                operation.version()));
  }

  /** Forgets an operation that is terminal; {@code invalid_phase_transition} if it is not. */
  public void delete(String id) {
    Operation operation = get(id);
    if (!operation.phase().terminal()) {
      throw new ReshardingException(
          ErrorCode.INVALID_PHASE_TRANSITION,
          "operation " + id + " is " + operation.phase() + "; only a finished one can be deleted");
    }
    call(
        "delete the operation",
        handle ->
            handle.execute(
                "DELETE FROM operation WHERE id = ? AND version = ?", id, operation.version()));
  }

  private Operation change(Operation operation, Step<Integer> step) {
    return call(
        "change the operation",
        handle -> {
          int changed;
          try {
            changed = step.with(handle);
          } catch (UnableToExecuteStatementException e) {
            if (hasState(e, SqlStates.UNIQUE_VIOLATION)) {
              throw concurrent("of another plan");
            }
            throw e;
          }
          Optional<Operation> stored = find(handle, operation.id());
          if (changed == 0) {
            stored.ifPresent(one -> requireToken(one, operation.driverToken()));
            throw new ReshardingException(
                ErrorCode.INVALID_PHASE_TRANSITION,
                "operation "
                    + operation.id()
                    + " was changed by another process meanwhile; look at 'reshard status'");
          }
          return stored.orElseThrow();
        });
  }

  /**
   * The operation as it stands, for the driver with {@code token}; {@code
   * concurrent_resharding_not_allowed} if another one has taken over since.
   */
  public Operation get(String id, long token) {
    Operation operation = get(id);
    requireToken(operation, token);
    return operation;
  }

  private static void requireToken(Operation operation, long token) {
    if (operation.driverToken() != token) {
      throw DriverLock.takenOver(operation.id(), operation.driver());
    }
  }

  private static boolean hasState(UnableToExecuteStatementException e, String sqlState) {
    return e.getCause() instanceof SQLException cause && sqlState.equals(cause.getSQLState());
  }

  private <T> T call(String what, Step<T> step) {
    return control.call(what, (Jdbi jdbi) -> jdbi.inTransaction(step::with));
  }

  private static void enterHistory(Handle handle, String id, Phase phase) {
    handle.execute(
        "INSERT INTO phase_history (operation_id, phase, started_at, completed_at)"
            + " VALUES (?, ?, clock_timestamp(), CASE WHEN ? THEN clock_timestamp() END)",
        id,
        phase.name(),
        phase.terminal());
  }

  private static void leaveHistory(Handle handle, String id) {
    handle.execute(
        "UPDATE phase_history SET completed_at = clock_timestamp()"
            + " WHERE operation_id = ? AND completed_at IS NULL",
        id);
  }

  private static Optional<Operation> find(Handle handle, String id) {
    return handle
        .createQuery("SELECT " + COLUMNS + " FROM operation WHERE id = ?")
        .bind(0, id)
        .map((row, context) -> operation(row))
        .findOne();
  }

  private static List<Operation> list(Handle handle, boolean activeOnly) {
    return handle
        .createQuery("SELECT " + COLUMNS + " FROM operation ORDER BY started_at DESC, id")
        .map((row, context) -> operation(row))
        .stream()
        .filter(operation -> !activeOnly || !operation.phase().terminal())
        .toList();
  }

  private static Operation operation(ResultSet row) throws SQLException {
    String completed = row.getString("last_completed_phase");
    String code = row.getString("error_code");
    String holdAfter = row.getString("hold_after");
    return new Operation(
        row.getString("id"),
        Phase.of(row.getString("phase")),
        completed == null ? null : Phase.of(completed),
        code == null ? null : new OperationError(code, row.getString("error_message")),
        row.getString("job_id"),
        row.getString("checkpoint_path"),
        row.getString("driver"),
        holdAfter == null ? null : Phase.of(holdAfter),
        instant(row, "started_at"),
        instant(row, "updated_at"),
        row.getLong("driver_token"),
        row.getLong("version"));
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime value = row.getObject(column, OffsetDateTime.class);
    return value == null ? null : value.toInstant();
  }

  /** Work inside one transaction. */
  @FunctionalInterface
  private interface Step<T> {
    T with(Handle handle);
  }
}
