package io.reshard.orchestrator.state;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.postgres.SqlStates;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/**
 * The operations in the control database. Every change is one transaction and a compare-and-set on
 * the operation's version, which also grows when another process takes the right to drive.
 */
public final class PostgresOperationStore implements OperationStore {
  private final ControlDatabase control;

  public PostgresOperationStore(ControlDatabase control) {
    this.control = control;
  }

  @Override
  public Operation create(Plan plan, Map<String, String> options, Optional<Phase> holdAfter) {
    return call(
        "store the operation",
        handle -> {
          try {
            return OperationCreation.create(handle, plan, options, holdAfter);
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

  @Override
  public Optional<Operation> find(String id) {
    return call("read an operation", handle -> OperationRows.find(handle, id));
  }

  @Override
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

  @Override
  public List<Operation> list() {
    return call("list the operations", handle -> OperationRows.list(handle));
  }

  @Override
  public List<PhaseRecord> history(String id) {
    return call("read the history", handle -> OperationRows.history(handle, id));
  }

  @Override
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
            OperationRows.leaveHistory(handle, operation.id());
          }
          return changed;
        });
  }

  @Override
  public Operation enter(Operation operation, Phase next) {
    return move(operation, next, null);
  }

  @Override
  public Operation fail(Operation operation, OperationError error) {
    return move(operation, Phase.FAILED, error);
  }

  @Override
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
            OperationRows.leaveHistory(handle, operation.id());
            OperationRows.enterHistory(handle, operation.id(), next);
          }
          return changed;
        });
  }

  @Override
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

  @Override
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

  @Override
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

  @Override
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
              throw OperationCreation.concurrent("of another plan");
            }
            throw e;
          }
          Optional<Operation> stored = OperationRows.find(handle, operation.id());
          if (changed == 0) {
            stored.ifPresent(one -> one.requireToken(operation.driverToken()));
            throw new ReshardingException(
                ErrorCode.INVALID_PHASE_TRANSITION,
                "operation "
                    + operation.id()
                    + " was changed by another process meanwhile; look at 'reshard status'");
          }
          return stored.orElseThrow();
        });
  }

  private static boolean hasState(UnableToExecuteStatementException e, String sqlState) {
    return e.getCause() instanceof SQLException cause && sqlState.equals(cause.getSQLState());
  }

  private <T> T call(String what, Step<T> step) {
    return control.call(what, (Jdbi jdbi) -> jdbi.inTransaction(step::with));
  }

  /** Work inside one transaction. */
  @FunctionalInterface
  private interface Step<T> {
    T with(Handle handle);
  }
}
