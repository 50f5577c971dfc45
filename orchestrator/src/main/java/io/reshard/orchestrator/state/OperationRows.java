package io.reshard.orchestrator.state;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The rows of operations and of their history, inside the caller's transaction. */
final class OperationRows {
  private static final String COLUMNS =
      "id, phase, last_completed_phase, error_code, error_message, job_id, checkpoint_path, driver,"
          + " hold_after, started_at, updated_at, driver_token, version";

  private OperationRows() {}

  static void enterHistory(Handle handle, String id, Phase phase) {
    handle.execute(
        "INSERT INTO phase_history (operation_id, phase, started_at, completed_at)"
            + " VALUES (?, ?, clock_timestamp(), CASE WHEN ? THEN clock_timestamp() END)",
        id,
        phase.name(),
        phase.terminal());
  }

  static void leaveHistory(Handle handle, String id) {
    handle.execute(
        "UPDATE phase_history SET completed_at = clock_timestamp()"
            + " WHERE operation_id = ? AND completed_at IS NULL",
        id);
  }

  /** Every passage of an operation through a phase, the oldest first. */
  static List<PhaseRecord> history(Handle handle, String id) {
    return handle
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
        .list();
  }

  static Optional<Operation> find(Handle handle, String id) {
    return handle
        .createQuery("SELECT " + COLUMNS + " FROM operation WHERE id = ?")
        .bind(0, id)
        .map((row, context) -> operation(row))
        .findOne();
  }

  /** Every operation, the newest first. */
  static List<Operation> list(Handle handle) {
    return handle
        .createQuery("SELECT " + COLUMNS + " FROM operation ORDER BY started_at DESC, id")
        .map((row, context) -> operation(row))
        .list();
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
}
