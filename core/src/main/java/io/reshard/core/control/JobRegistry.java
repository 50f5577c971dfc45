package io.reshard.core.control;

import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Registers submissions and attempts of a migration job, and what it makes on the sources. Every
 * method is one transaction; all are safe to call from several processes.
 */
public final class JobRegistry {
  private final ControlDatabase control;

  public JobRegistry(ControlDatabase control) {
    this.control = control;
  }

  /** A submission: its generation, and whether slots and publications stand already. */
  public record Submission(int generation, boolean prepared) {}

  /** Takes the next generation. All attempts of lower ones are superseded from now on. */
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
                                + " RETURNING generation, prepared")
                        .bind(0, operationId)
                        .map((row, context) -> new Submission(row.getInt(1), row.getBoolean(2)))
                        .one()));
  }

  /**
   * Records what is about to be made on the sources, so that clean-up finds it whatever happens.
   */
  public void recordCapture(String operationId, List<CaptureRecord> captures) {
    control.call(
        "record the change capture",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  captures.forEach(capture -> insert(handle, operationId, capture));
                  return null;
                }));
  }

  private static void insert(Handle handle, String operationId, CaptureRecord capture) {
    handle.execute(
        "INSERT INTO change_capture (operation_id, source, publication, slot)"
            + " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        operationId,
        capture.source(),
        capture.publication(),
        capture.slot());
  }

  /** Marks the change capture of all sources as standing, with the heartbeats at its creation. */
  public void markPrepared(String operationId, List<CaptureRecord> captures) {
    control.call(
        "mark the change capture as prepared",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  for (CaptureRecord capture : captures) {
                    handle.execute(
                        "UPDATE change_capture SET heartbeat_number = ?"
                            + " WHERE operation_id = ? AND source = ?",
                        capture.heartbeatNumber(),
                        operationId,
                        capture.source());
                  }
                  handle.execute(
                      "UPDATE job SET prepared = true WHERE operation_id = ?", operationId);
                  return null;
                }));
  }

  /** The change capture of {@code operationId}, by source; empty if there is none. */
  public List<CaptureRecord> captures(String operationId) {
    return control.call(
        "read the change capture",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT source, publication, slot, heartbeat_number FROM change_capture"
                                + " WHERE operation_id = ? ORDER BY source")
                        .bind(0, operationId)
                        .map(
                            (row, context) ->
                                new CaptureRecord(
                                    row.getString(1),
                                    row.getString(2),
                                    row.getString(3),
                                    row.getObject(4, Long.class)))
                        .list()));
  }

  /** Forgets the capture of one source once its slot and publication are gone. */
  public void forgetCapture(String operationId, String source) {
    control.call(
        "forget the change capture",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle.execute(
                        "DELETE FROM change_capture WHERE operation_id = ? AND source = ?",
                        operationId,
                        source)));
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
