package io.reshard.core.control;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;

/**
 * Registers submissions and attempts of a migration job. Every method is one transaction; all are
 * safe to call from several processes.
 */
public final class JobRegistry {
  private final ControlDatabase control;

  public JobRegistry(ControlDatabase control) {
    this.control = control;
  }

  /** A submission: its generation, and whether slots and publications stand already. */
  public record Submission(int generation, boolean prepared) {}

  /**
   * Takes the next generation. All attempts of lower ones are superseded from now on. {@code
   * epoch_superseded} once the operation is being removed: a process that was frozen before it
   * submitted the job would begin all over again.
   */
  public Submission nextGeneration(String operationId) {
    return control.call(
        "register the job's submission",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "INSERT INTO job (operation_id, generation) VALUES (?, 1)"
                                + " ON CONFLICT (operation_id)"
                                + " DO UPDATE SET generation = job.generation + 1"
                                + " WHERE job.capture_turn < ?"
                                + " RETURNING generation, prepared")
                        .bind(0, operationId)
                        .bind(1, CaptureTurn.END.number())
                        .map((row, context) -> new Submission(row.getInt(1), row.getBoolean(2)))
                        .findOne()
                        .orElseThrow(() -> ended(operationId))));
  }

  private static ReshardingException ended(String operationId) {
    return new ReshardingException(
        ErrorCode.EPOCH_SUPERSEDED,
        "the job of plan "
            + operationId
            + " does not start any more, as a rollback or the clean-up has begun to remove it;"
            + " run that again to end it");
  }

  /**
   * The epoch of one attempt. Subtasks of the same attempt give the same {@code execution} and get
   * the same epoch; a new execution gets a larger one.
   */
  public Epoch epoch(String operationId, int generation, String execution) {
    return control.call(
        "number the job's attempt",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  // The lock on the job's row lets one subtask number the attempt for all.
                  handle.execute(
                      "SELECT 1 FROM job WHERE operation_id = ? FOR UPDATE", operationId);
                  handle.execute(
                      "INSERT INTO job_attempt (operation_id, generation, execution, attempt)"
                          + " SELECT ?, ?, ?, coalesce(max(attempt), 0) + 1 FROM job_attempt"
                          + " WHERE operation_id = ? AND generation = ?"
                          + " ON CONFLICT (operation_id, generation, execution) DO NOTHING",
                      operationId,
                      generation,
                      execution,
                      operationId,
                      generation);
                  int attempt =
                      handle
                          .createQuery(
                              "SELECT attempt FROM job_attempt WHERE operation_id = ?"
                                  + " AND generation = ? AND execution = ?")
                          .bind(0, operationId)
                          .bind(1, generation)
                          .bind(2, execution)
                          .mapTo(Integer.class)
                          .one();
                  return new Epoch(generation, attempt);
                }));
  }
}
