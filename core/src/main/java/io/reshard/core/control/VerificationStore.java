package io.reshard.core.control;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.Split;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads what the verification job has written. Thread-safe. */
public final class VerificationStore {
  private static final String TOTALS =
      "SELECT step, count(*), sum(source_rows)::bigint, sum(target_rows)::bigint,"
          + " sum(mismatches)::bigint, sum(undecided)::bigint FROM verification"
          + " WHERE operation_id = ? AND run = ? GROUP BY step";

  /** One kind must not hide another: so many missing rows that no row too many is named. */
  private static final String SAMPLES =
      """
      SELECT step, sample::text
      FROM (
        SELECT split, step, position, sample,
          row_number() OVER (PARTITION BY sample ->> 'kind' ORDER BY split, step, position) AS place
        FROM verification,
          jsonb_array_elements(samples) WITH ORDINALITY AS kept (sample, position)
        WHERE operation_id = ? AND run = ? AND (sample ->> 'kind') = ANY (?)) numbered
      WHERE place <= ?
      ORDER BY split, step, position
      """;

  private static final String DECIDED =
      "SELECT split, count(*) FROM verification WHERE operation_id = ? AND run = ?"
          + " AND undecided = 0 AND step = ANY (?) GROUP BY split";
  private static final String COUNTED_TOGETHER =
      "SELECT counted_splits FROM verification WHERE operation_id = ? AND run = ?"
          + " AND counted_splits IS NOT NULL";
  private static final Set<Mismatch.Kind> DIFFERENCES =
      EnumSet.of(Mismatch.Kind.MISSING, Mismatch.Kind.EXTRA, Mismatch.Kind.DIFFERENT);
  private static final Set<Mismatch.Kind> STRAYS =
      EnumSet.of(Mismatch.Kind.STRAY, Mismatch.Kind.UNOWNED);

  private final ControlDatabase control;

  public VerificationStore(ControlDatabase control) {
    this.control = control;
  }

  /**
   * The splits of {@code plan} for which {@code run} has a verdict on each of their steps. A key
   * that could not be decided is none. Splits whose rows were counted together are finished
   * together: (1) a stretch agrees, and its first split has all rows; (2) the job dies before the
   * last split has its verdict, or another step leaves it undecided; (3) the next job reads that
   * split again, and would count its rows a second time.
   */
  public Set<Integer> finishedSplits(Plan plan, String run) {
    Map<Integer, Long> decided =
        control.call(
            "read the finished splits of a verification",
            jdbi ->
                jdbi.withHandle(
                    handle ->
                        handle
                            .createQuery(DECIDED)
                            .bind(0, plan.planId())
                            .bind(1, run)
                            .bind(
                                2,
                                plan.steps().stream()
                                    .map(MigrationStep::name)
                                    .toArray(String[]::new))
                            .reduceRows(
                                new HashMap<Integer, Long>(),
                                (all, row) -> {
                                  all.put(
                                      row.getColumn(1, Integer.class),
                                      row.getColumn(2, Long.class));
                                  return all;
                                })));
    Set<Integer> finished =
        plan.splits().stream()
            .filter(
                split ->
                    decided.getOrDefault(split.id(), 0L) == plan.targetsOf(split.source()).size())
            .map(Split::id)
            .collect(Collectors.toCollection(HashSet::new));
    List<List<Integer>> together = countedTogether(plan.planId(), run);
    boolean changed = true;
    while (changed) {
      changed = false;
      for (List<Integer> splits : together) {
        if (!finished.containsAll(splits)) {
          changed |= finished.removeAll(splits);
        }
      }
    }
    return finished;
  }

  private List<List<Integer>> countedTogether(String operationId, String run) {
    return control.call(
        "read which splits of a verification were counted together",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(COUNTED_TOGETHER)
                        .bind(0, operationId)
                        .bind(1, run)
                        .map((row, context) -> List.of((Integer[]) row.getArray(1).getArray()))
                        .list()));
  }

  /** Removes what {@code run} has found out about other splits than {@code kept}. */
  public void keepOnly(String operationId, String run, Set<Integer> kept) {
    control.call(
        "remove unfinished verification results",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle.execute(
                        "DELETE FROM verification WHERE operation_id = ? AND run = ?"
                            + " AND NOT split = ANY (?)",
                        operationId,
                        run,
                        kept.toArray(Integer[]::new))));
  }

  private record Sums(long splits, long source, long target, long mismatches, long undecided) {
    private static final Sums NONE = new Sums(0, 0, 0, 0, 0);
  }

  /**
   * The outcome of {@code run}. Each step of {@code plan} must have a result for every split of its
   * source: what has not been compared is never taken for equal.
   *
   * @param maxSamples how many keys of each kind the report names, at most
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
