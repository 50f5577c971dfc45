package io.reshard.core.control;

import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * How far a run of the verification has come.
 *
 * @param report what it has found so far
 * @param share of the pairs of split and step that are compared, from 0 to 1
 * @param secondsLeft at the rate of the job that compares now; empty until that is measured
 */
public record VerificationProgress(
    VerificationReport report, double share, OptionalLong secondsLeft) {
  /** Results come in batches of a second; a rate over less says nothing. */
  private static final Duration SHORTEST_RATE = Duration.ofSeconds(2);

  // The first batch is where the measured time begins, so its rows are not counted.
  private static final String RATE =
      """
      WITH compared AS (
        SELECT source_rows, created_at, min(created_at) OVER () AS first
        FROM verification JOIN verification_run USING (operation_id, run)
        WHERE operation_id = ? AND run = ? AND step = ANY (?) AND created_at >= submitted_at)
      SELECT sum(source_rows) / extract(epoch FROM now() - min(first))
      FROM compared WHERE created_at > first
      HAVING now() - min(first) > make_interval(secs => ?)
      """;

  /** Reads how far {@code run} has come. */
  public static VerificationProgress read(ControlDatabase control, Plan plan, String run) {
    VerificationReport report = new VerificationStore(control).report(plan, run, 0);
    long pairs =
        plan.splits().stream().mapToLong(split -> plan.targetsOf(split.source()).size()).sum();
    double share = pairs == 0 ? 0 : 1 - (double) report.unverified() / pairs;
    OptionalDouble rate = rowsPerSecond(control, plan, run);
    long left = Math.max(0, rows(control, plan) - report.rowsCompared());
    boolean known = rate.isPresent() && rate.getAsDouble() > 0 && report.unverified() > 0;
    return new VerificationProgress(
        report,
        share,
        known ? OptionalLong.of(Math.round(left / rate.getAsDouble())) : OptionalLong.empty());
  }

  /** What the copy has counted, and without one what the plan expects. */
  private static long rows(ControlDatabase control, Plan plan) {
    long copied =
        new JobProgress(control, plan.planId())
            .copiedRows().values().stream().mapToLong(Long::longValue).sum();
    return copied == 0 ? plan.totalRows() : copied;
  }

  private static OptionalDouble rowsPerSecond(ControlDatabase control, Plan plan, String run) {
    return control.call(
        "read the rate of the verification",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(RATE)
                        .bind(0, plan.planId())
                        .bind(1, run)
                        .bind(
                            2,
                            plan.steps().stream().map(MigrationStep::name).toArray(String[]::new))
                        .bind(3, SHORTEST_RATE.toSeconds())
                        .mapTo(Double.class)
                        .findOne()
                        .map(OptionalDouble::of)
                        .orElse(OptionalDouble.empty())));
  }
}
