package io.reshard.core.control;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jdbi.v3.core.Handle;

/** What the job has reported. Reads the control database only. Thread-safe. */
public final class JobProgress {
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(3);

  private final ControlDatabase control;
  private final String operationId;

  public JobProgress(ControlDatabase control, String operationId) {
    this.control = control;
    this.operationId = operationId;
  }

  /** Committed rows per split and target, keyed {@code SPLIT:TARGET}. */
  public Map<String, Long> copiedRows() {
    return sums(ProgressKind.COPIED);
  }

  /** Rows merged from change capture, per step name ({@code shard-0->shard-2}), all attempts. */
  public Map<String, Long> replicatedRows() {
    Map<String, Long> perStep = new HashMap<>();
    sums(ProgressKind.REPLICATED)
        .forEach(
            (subject, rows) -> perStep.merge(subject.replaceFirst("#.*", ""), rows, Long::sum));
    return perStep;
  }

  /** The tables whose copy is complete, whose indexes stand and whose changes flow. */
  public List<String> completedTables() {
    return List.copyOf(sums(ProgressKind.TABLE).keySet());
  }

  /** When the last transaction of the copy was reported; empty before the first. */
  public Optional<Instant> lastCopied() {
    return control.call(
        "read the time of the last copy",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT max(updated_at) FROM job_progress"
                                + " WHERE operation_id = ? AND kind = ?")
                        .bind(0, operationId)
                        .bind(1, ProgressKind.COPIED.text())
                        .map((row, context) -> row.getObject(1, OffsetDateTime.class))
                        .findOne()
                        .map(OffsetDateTime::toInstant)));
  }

  private Map<String, Long> sums(ProgressKind kind) {
    return control.call(
        "read the job's progress",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT subject, sum(value)::bigint FROM job_progress"
                                + " WHERE operation_id = ? AND kind = ? GROUP BY subject")
                        .bind(0, operationId)
                        .bind(1, kind.text())
                        .reduceRows(
                            new HashMap<String, Long>(),
                            (all, row) -> {
                              all.put(row.getColumn(1, String.class), row.getColumn(2, Long.class));
                              return all;
                            })));
  }

  /**
   * The replication frontier: every change that a source committed before its heartbeat took this
   * value is on its targets. Empty until every subtask of the newest epoch has reported.
   */
  public OptionalLong frontier() {
    return control.call("read the replication frontier", jdbi -> jdbi.withHandle(this::frontier));
  }

  private OptionalLong frontier(Handle handle) {
    return handle
        .createQuery(FRONTIER)
        .bind(0, operationId)
        .bind(1, operationId)
        .map((row, context) -> row.getObject(1, Long.class))
        .findOne()
        .map(OptionalLong::of)
        .orElse(OptionalLong.empty());
  }

  // The subject is SUBTASK/PARALLELISM, so that a row says how many must be there.
  private static final String FRONTIER =
      """
      WITH newest AS (
        SELECT generation, attempt FROM job_attempt WHERE operation_id = ?
        ORDER BY generation DESC, attempt DESC LIMIT 1)
      SELECT min(value) FROM job_progress JOIN newest USING (generation, attempt)
      WHERE operation_id = ? AND kind = 'frontier'
      HAVING count(*) = max(split_part(subject, '/', 2)::int)
      """;

  /** How far the newest attempt has come, all of one moment. */
  public JobPosition position() {
    return control.call(
        "read the job's position",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(POSITION)
                        .bind("operation", operationId)
                        .map((row, context) -> JobPosition.of(row, 1))
                        .one()));
  }

  private static final String POSITION =
      """
      WITH newest AS (
        SELECT coalesce(max(generation), 0) AS generation, coalesce(max(attempt), 0) AS attempt
        FROM (SELECT generation, attempt FROM job_attempt WHERE operation_id = :operation
              ORDER BY generation DESC, attempt DESC LIMIT 1) AS last)
      SELECT newest.generation, newest.attempt,
        (SELECT min(value) FROM job_progress JOIN newest USING (generation, attempt)
         WHERE operation_id = :operation AND kind = 'frontier'
         HAVING count(*) = max(split_part(subject, '/', 2)::int)),
        (SELECT coalesce(sum(value), 0)::bigint FROM job_progress
         JOIN newest USING (generation, attempt)
         WHERE operation_id = :operation AND kind = 'mismatched')
      FROM newest
      """;

  /**
   * Waits until the frontier has reached {@code value}; false if {@code timeout} came first. Polls
   * every few milliseconds, on one session.
   */
  public boolean awaitFrontier(long value, Duration timeout) throws InterruptedException {
    return awaitFrontier(value, timeout, timeout);
  }

  /** The same, and false also if the frontier does not move for as long as {@code stall}. */
  public boolean awaitFrontier(long value, Duration timeout, Duration stall)
      throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    boolean reached =
        control.call(
            "wait for the replication frontier",
            jdbi ->
                jdbi.withHandle(
                    handle -> {
                      OptionalLong frontier = frontier(handle);
                      long moved = System.nanoTime();
                      while (frontier.isEmpty() || frontier.getAsLong() < value) {
                        long now = System.nanoTime();
                        if (now - deadline >= 0
                            || now - moved >= stall.toNanos()
                            || Thread.currentThread().isInterrupted()) {
                          return false;
                        }
                        LockSupport.parkNanos(POLL_NANOS);
                        OptionalLong next = frontier(handle);
                        if (!next.equals(frontier)) {
                          moved = System.nanoTime();
                        }
                        frontier = next;
                      }
                      return true;
                    }));
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted while waiting for the frontier");
    }
    return reached;
  }
}
