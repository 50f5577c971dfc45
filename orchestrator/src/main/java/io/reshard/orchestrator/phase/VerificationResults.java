package io.reshard.orchestrator.phase;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/** What the verification job has stored. Thread-safe. */
final class VerificationResults {
  private static final int MAX_SAMPLES = 1_000;

  private final ControlDatabase control;

  VerificationResults(ControlDatabase control) {
    this.control = control;
  }

  /** The steps that the newest run has compared so far without a mismatch. */
  Set<String> verifiedSteps(String operationId) {
    return control.call(
        "read the verification",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT step FROM verification WHERE operation_id = :id AND run ="
                                + " (SELECT run FROM verification WHERE operation_id = :id"
                                + " ORDER BY created_at DESC LIMIT 1)"
                                + " GROUP BY step HAVING sum(mismatches) = 0")
                        .bind("id", operationId)
                        .mapTo(String.class)
                        .collect(Collectors.toSet())));
  }

  /** The result of a run that is complete. */
  VerificationReport report(String operationId, String run) {
    return control.call(
        "read the verification",
        jdbi -> jdbi.withHandle(handle -> report(handle, operationId, run)));
  }

  private static VerificationReport report(Handle handle, String operationId, String run) {
    List<VerificationReport.StepResult> steps =
        handle
            .createQuery(
                "SELECT step, sum(source_rows)::bigint, sum(target_rows)::bigint,"
                    + " sum(mismatches)::bigint FROM verification"
                    + " WHERE operation_id = ? AND run = ? GROUP BY step ORDER BY step")
            .bind(0, operationId)
            .bind(1, run)
            .map(
                (row, context) ->
                    new VerificationReport.StepResult(
                        row.getString(1), row.getLong(2), row.getLong(3), row.getLong(4)))
            .list();
    List<VerificationReport.Mismatch> samples =
        handle
            .createQuery(
                "SELECT samples FROM verification WHERE operation_id = ? AND run = ?"
                    + " AND mismatches > 0 ORDER BY split, step")
            .bind(0, operationId)
            .bind(1, run)
            .mapTo(String.class)
            .list()
            .stream()
            .flatMap(VerificationResults::samples)
            .limit(MAX_SAMPLES)
            .toList();
    return new VerificationReport(
        steps.stream().allMatch(step -> step.mismatches() == 0), steps, samples);
  }

  private static Stream<VerificationReport.Mismatch> samples(String json) {
    return Stream.of(
        Documents.parse(
            json,
            VerificationReport.Mismatch[].class,
            ErrorCode.STATE_STORE_FAILED,
            "the stored samples"));
  }
}
