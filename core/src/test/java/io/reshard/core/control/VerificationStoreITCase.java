package io.reshard.core.control;

import static io.reshard.core.control.Mismatch.Kind.EXTRA;
import static io.reshard.core.control.Mismatch.Kind.MISSING;
import static io.reshard.core.control.Mismatch.Kind.STRAY;
import static io.reshard.core.control.Mismatch.Kind.UNOWNED;
import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.json.Documents;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.Split;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a run has written, read back. */
class VerificationStoreITCase {
  private static final String RUN = "run";
  private static final Plan PLAN = plan();

  private ControlDatabase control;
  private VerificationStore store;

  @BeforeEach
  void createControlDatabase() throws SQLException {
    control = TestControl.create();
    store = new VerificationStore(control);
  }

  @Test
  void aReportNamesSoManyKeysOfEachKind() {
    write(0, "a->b", mismatches(MISSING, 5), mismatches(STRAY, 2));
    write(0, "a->c", mismatches(MISSING, 5), mismatches(UNOWNED, 1));
    write(1, "a->b", mismatches(EXTRA, 1), mismatches(MISSING, 1));

    VerificationReport report = store.report(PLAN, RUN, 3);

    assertThat(report.mismatchSamples())
        .extracting(Mismatch::kind)
        .containsExactlyInAnyOrder(MISSING, MISSING, MISSING, EXTRA);
    assertThat(report.straySamples())
        .extracting(Mismatch::kind)
        .containsExactlyInAnyOrder(STRAY, STRAY, UNOWNED);
    assertThat(store.report(PLAN, RUN, 0).mismatchSamples()).isEmpty();
    assertThat(store.differences(PLAN.planId(), RUN).get("a->b")).hasSize(7);
  }

  @Test
  void splitsThatWereCountedTogetherAreFinishedTogether() {
    for (int split = 0; split < 3; split++) {
      write(split, "a->b");
      write(split, "a->c");
    }
    write(3, "d->b");
    assertThat(store.finishedSplits(PLAN, RUN)).containsExactlyInAnyOrder(0, 1, 2, 3);
    count("{0,1}", 0, "a->b");
    count("{1,2}", 1, "STRAY on a");
    assertThat(store.finishedSplits(PLAN, RUN)).containsExactlyInAnyOrder(0, 1, 2, 3);

    execute("UPDATE verification SET undecided = 1 WHERE split = 2 AND step = 'a->c'");

    assertThat(store.finishedSplits(PLAN, RUN)).containsExactly(3);
  }

  private void count(String splits, int split, String step) {
    write(split, step + " again");
    execute(
        "UPDATE verification SET counted_splits = ?::integer[] WHERE split = ? AND step = ?",
        splits,
        split,
        step + " again");
  }

  private void execute(String sql, Object... values) {
    control.call("play", jdbi -> jdbi.withHandle(handle -> handle.execute(sql, values)));
  }

  @SafeVarargs
  private void write(int split, String step, List<Mismatch>... samples) {
    List<Mismatch> all = new ArrayList<>();
    for (List<Mismatch> some : samples) {
      all.addAll(some);
    }
    execute(
        "INSERT INTO verification (operation_id, run, mode, split, step, source_rows, target_rows,"
            + " mismatches, undecided, samples) VALUES (?, ?, 'COUNT', ?, ?, 7, 7, 0, 0, ?::jsonb)",
        PLAN.planId(),
        RUN,
        split,
        step,
        Documents.toJson(all));
  }

  private static List<Mismatch> mismatches(Mismatch.Kind kind, int count) {
    return IntStream.range(0, count)
        .mapToObj(id -> new Mismatch("public.orders", Integer.toString(id), kind))
        .toList();
  }

  /** Three splits of a source that moves rows to two targets, and one of another. */
  private static Plan plan() {
    return new Plan(
        Plan.FORMAT,
        "op-1",
        null,
        null,
        List.of(),
        List.of(),
        List.of(
            new MigrationStep("a", "b", "", 0, 0),
            new MigrationStep("a", "c", "", 0, 0),
            new MigrationStep("d", "b", "", 0, 0)),
        List.of(
            new Split(0, 0, "a", null, List.of("10"), 7),
            new Split(1, 0, "a", List.of("10"), List.of("20"), 7),
            new Split(2, 0, "a", List.of("20"), null, 7),
            new Split(3, 0, "d", null, null, 7)),
        0,
        0,
        List.of());
  }
}
