package io.reshard.core.control;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads what the verification job has written. Thread-safe. */
public final class VerificationStore {
  private static final String TOTALS =
      "SELECT step, count(*), sum(source_rows)::bigint, sum(target_rows)::bigint,"
          + " sum(mismatches)::bigint, sum(undecided)::bigint FROM verification"
          + " WHERE operation_id = ? AND run = ? GROUP BY step";
  private static final String SAMPLES =
      "SELECT step, sample::text FROM verification, jsonb_array_elements(samples) sample"
          + " WHERE operation_id = ? AND run = ? AND (sample ->> 'kind') = ANY (?)"
          + " ORDER BY split, step LIMIT ?";
  private static final Set<Mismatch.Kind> DIFFERENCES =
      EnumSet.of(Mismatch.Kind.MISSING, Mismatch.Kind.EXTRA, Mismatch.Kind.DIFFERENT);
  private static final Set<Mismatch.Kind> STRAYS =
      EnumSet.of(Mismatch.Kind.STRAY, Mismatch.Kind.UNOWNED);

  private final ControlDatabase control;

  public VerificationStore(ControlDatabase control) {
    this.control = control;
  }

  /**
   * Notes that {@code run} begins, and how far the job has come: before anything is compared. Does
   * nothing if it has begun already.
   */
  public void begin(Plan plan, String run, VerificationMode mode) {
    JobProgress progress = new JobProgress(control, plan.planId());
    boolean copied = progress.completedTables().size() == plan.tables().size();
    JobPosition since = progress.position();
    Long frontier =
        copied && since.frontier().isPresent() ? (Long) since.frontier().getAsLong() : null;
    control.call(
        "note the verification",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle.execute(
                        "INSERT INTO verification_run (operation_id, run, mode, generation,"
                            + " attempt, frontier, mismatched_writes) VALUES (?, ?, ?, ?, ?, ?, ?)"
                            + " ON CONFLICT DO NOTHING",
                        plan.planId(),
                        run,
                        mode.name(),
                        since.epoch().generation(),
                        since.epoch().attempt(),
                        frontier,
                        since.mismatchedWrites())));
  }

  /** The newest runs of {@code operationId}, the last one first. */
  List<VerificationRun> runs(String operationId) {
    return control.call(
        "read the verifications",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT run, mode, generation, attempt, frontier, mismatched_writes"
                                + " FROM verification_run WHERE operation_id = ?"
                                + " ORDER BY started_at DESC LIMIT 100")
                        .bind(0, operationId)
                        .map(
                            (row, context) ->
                                new VerificationRun(
                                    row.getString(1),
                                    VerificationMode.valueOf(row.getString(2)),
                                    JobPosition.of(row, 3)))
                        .list()));
  }

  private record Sums(long splits, long source, long target, long mismatches, long undecided) {
    private static final Sums NONE = new Sums(0, 0, 0, 0, 0);
  }

  /**
   * The outcome of {@code run}. Each step of {@code plan} must have a result for every split of its
   * source: what has not been compared is never taken for equal.
   */
  public VerificationReport report(Plan plan, String run, int maxSamples) {
    Map<String, Sums> sums = sums(plan.planId(), run);
    Map<String, Long> splitsPerSource = new HashMap<>();
    plan.splits().forEach(split -> splitsPerSource.merge(split.source(), 1L, Long::sum));
    List<VerificationReport.StepTotal> steps = new ArrayList<>();
    for (MigrationStep step : plan.steps()) {
      Sums sum = sums.getOrDefault(step.name(), Sums.NONE);
      long expected = splitsPerSource.getOrDefault(step.source(), 0L);
      steps.add(
          new VerificationReport.StepTotal(
              step.name(),
              sum.source(),
              sum.target(),
              sum.mismatches(),
              sum.undecided(),
              Math.max(0, expected - sum.splits())));
    }
    boolean consistent =
        !steps.isEmpty()
            && !plan.splits().isEmpty()
            && steps.stream().allMatch(VerificationReport.StepTotal::verified);
    return new VerificationReport(
        run,
        consistent,
        steps.stream().mapToLong(VerificationReport.StepTotal::unverified).sum(),
        List.copyOf(steps),
        samples(plan.planId(), run, DIFFERENCES, maxSamples),
        samples(plan.planId(), run, EnumSet.of(Mismatch.Kind.UNDECIDED), maxSamples),
        sums.entrySet().stream()
            .flatMap(
                sum ->
                    VerificationReport.StrayTotal.parse(sum.getKey(), sum.getValue().target())
                        .stream())
            .toList(),
        samples(plan.planId(), run, STRAYS, maxSamples));
  }

  /** The run of {@code operationId} that wrote last. */
  public Optional<String> latestRun(String operationId) {
    return control.call(
        "find the latest verification",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT run FROM verification WHERE operation_id = ?"
                                + " ORDER BY created_at DESC LIMIT 1")
                        .bind(0, operationId)
                        .mapTo(String.class)
                        .findOne()));
  }

  /** Removes every run of {@code operationId}. */
  public void delete(String operationId) {
    control.call(
        "remove verification results",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle.execute(
                        "DELETE FROM verification WHERE operation_id = ?", operationId)));
  }

  private Map<String, Sums> sums(String operationId, String run) {
    return control.call(
        "read verification results",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(TOTALS)
                        .bind(0, operationId)
                        .bind(1, run)
                        .reduceRows(
                            new HashMap<String, Sums>(),
                            (all, row) -> {
                              all.put(
                                  row.getColumn(1, String.class),
                                  new Sums(
                                      row.getColumn(2, Long.class),
                                      row.getColumn(3, Long.class),
                                      row.getColumn(4, Long.class),
                                      row.getColumn(5, Long.class),
                                      row.getColumn(6, Long.class)));
                              return all;
                            })));
  }

  /** The keys that {@code run} found to differ, by step: at most as many as it was to keep. */
  public Map<String, List<Mismatch>> differences(String operationId, String run) {
    return samplesByStep(operationId, run, DIFFERENCES, Integer.MAX_VALUE);
  }

  private List<Mismatch> samples(
      String operationId, String run, Set<Mismatch.Kind> kinds, int limit) {
    return samplesByStep(operationId, run, kinds, limit).values().stream()
        .flatMap(List::stream)
        .toList();
  }

  private Map<String, List<Mismatch>> samplesByStep(
      String operationId, String run, Set<Mismatch.Kind> kinds, int limit) {
    return control.call(
        "read the samples of a verification",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(SAMPLES)
                        .bind(0, operationId)
                        .bind(1, run)
                        .bind(2, kinds.stream().map(Enum::name).toArray(String[]::new))
                        .bind(3, limit)
                        .reduceRows(
                            new LinkedHashMap<String, List<Mismatch>>(),
                            (all, row) -> {
                              all.computeIfAbsent(
                                      row.getColumn(1, String.class), step -> new ArrayList<>())
                                  .add(sample(row.getColumn(2, String.class)));
                              return all;
                            })));
  }

  private static Mismatch sample(String json) {
    return Documents.parse(
        json, Mismatch.class, ErrorCode.STATE_STORE_FAILED, "a verification result");
  }
}
