package io.reshard.core.control;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.plan.Plan;
import java.util.List;
import java.util.Optional;

/** The runs of the verification of one operation: when they began, and who works on them. */
public final class VerificationRuns {
  private final ControlDatabase control;
  private final Plan plan;
  private final JobProgress progress;

  public VerificationRuns(ControlDatabase control, Plan plan) {
    this.control = control;
    this.plan = plan;
    this.progress = new JobProgress(control, plan.planId());
  }

  /**
   * Notes that {@code run} begins, and how far the job has come: before anything is compared. Does
   * nothing if it has begun already.
   */
  public void begin(String run, VerificationMode mode) {
    boolean copied = progress.completedTables().size() == plan.tables().size();
    JobPosition since = progress.position();
    Long frontier =
        copied && since.frontier().isPresent() ? (Long) since.frontier().getAsLong() : null;
    execute(
        "note the verification",
        "INSERT INTO verification_run (operation_id, run, mode, generation,"
            + " attempt, frontier, mismatched_writes) VALUES (?, ?, ?, ?, ?, ?, ?)"
            + " ON CONFLICT DO NOTHING",
        plan.planId(),
        run,
        mode.name(),
        since.epoch().generation(),
        since.epoch().attempt(),
        frontier,
        since.mismatchedWrites());
  }

  /** Notes which job is about to work on {@code run}, so that none is at work unknown. */
  public void submit(String run, String job) {
    execute(
        "note the job of the verification",
        "UPDATE verification_run SET job_id = ?, submitted_at = now(), stop_requested = false"
            + " WHERE operation_id = ? AND run = ?",
        job,
        plan.planId(),
        run);
  }

  /** {@code run} is gone on with by hand: that somebody wanted it to stop is over. */
  public void forgetStop(String run) {
    execute(
        "go on with the verification",
        "UPDATE verification_run SET stop_requested = false WHERE operation_id = ? AND run = ?",
        plan.planId(),
        run);
  }

  /** The job of {@code run} begins no further split within about a second, and ends. */
  public void requestStop(String run) {
    execute(
        "ask the verification to stop",
        "UPDATE verification_run SET stop_requested = true WHERE operation_id = ? AND run = ?",
        plan.planId(),
        run);
  }

  private void execute(String what, String sql, Object... values) {
    control.call(what, jdbi -> jdbi.withHandle(handle -> handle.execute(sql, values)));
  }

  /** All runs, the last one first: each was begun by a person or by a driver, so they are few. */
  public List<VerificationRun> newest() {
    return control.call(
        "read the verifications",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT run, mode, generation, attempt, frontier, mismatched_writes,"
                                + " job_id, stop_requested FROM verification_run"
                                + " WHERE operation_id = ? ORDER BY started_at DESC")
                        .bind(0, plan.planId())
                        .map(
                            (row, context) ->
                                new VerificationRun(
                                    row.getString(1),
                                    VerificationMode.valueOf(row.getString(2)),
                                    JobPosition.of(row, 3),
                                    Optional.ofNullable(row.getString(7)),
                                    row.getBoolean(8)))
                        .list()));
  }

  /** Whether somebody wants {@code run} to stop. */
  public boolean stopRequested(String run) {
    return control.call(
        "ask whether the verification is to stop",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT stop_requested FROM verification_run"
                                + " WHERE operation_id = ? AND run = ?")
                        .bind(0, plan.planId())
                        .bind(1, run)
                        .mapTo(Boolean.class)
                        .findOne()
                        .orElse(false)));
  }

  /**
   * Whether what {@code run} has found so far still holds: the job has gone on since it began, and
   * has checked each of its writes.
   */
  boolean holds(VerificationRun run) {
    return run.since().frontier().isPresent() && progress.position().continues(run.since());
  }

  /** The same of the run called {@code run}; false if there is none. */
  public boolean holds(String run) {
    return newest().stream().anyMatch(one -> one.run().equals(run) && holds(one));
  }

  /**
   * The newest run, if it can be gone on with: it compares by {@code mode}, what it has found still
   * holds, and none of it is a difference. (One that has found differences proves nothing any more;
   * what mends them wants a run of its own.)
   */
  public Optional<VerificationRun> resumable(VerificationMode mode) {
    VerificationStore results = new VerificationStore(control);
    return newest().stream()
        .findFirst()
        .filter(run -> run.mode() == mode && holds(run))
        .filter(run -> results.report(plan, run.run(), 0).mismatches() == 0);
  }
}
