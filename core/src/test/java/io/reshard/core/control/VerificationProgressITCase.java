package io.reshard.core.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.Split;
import java.sql.SQLException;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How far a run is, and how long it will take: by what is written, never by a guess. */
class VerificationProgressITCase {
  private static final String RUN = "run";
  private static final long ROWS = 10_000;

  private static final Plan PLAN =
      new Plan(
          Plan.FORMAT,
          "op-1",
          null,
          null,
          List.of(),
          List.of(),
          List.of(new MigrationStep("a", "b", "", 0, 0), new MigrationStep("a", "c", "", 0, 0)),
          List.of(
              new Split(0, 0, "a", null, List.of("10"), 7),
              new Split(1, 0, "a", List.of("10"), null, 7)),
          ROWS,
          0,
          List.of());

  private ControlDatabase control;

  @BeforeEach
  void begin() throws SQLException {
    control = TestControl.create();
    VerificationRuns runs = new VerificationRuns(control, PLAN);
    runs.begin(RUN, VerificationMode.COUNT);
    runs.submit(RUN, "job");
    execute("UPDATE verification_run SET submitted_at = now() - interval '100 s'");
  }

  @Test
  void nothingIsKnownBeforeTheFirstResultNorByItAlone() {
    assertThat(read().share()).isZero();
    assertThat(read().secondsLeft()).isEmpty();

    // How long the job has taken to start is in it, and must not count.
    result(0, "a->b", 1_000, 50);

    assertThat(read().share()).isEqualTo(0.25);
    assertThat(read().secondsLeft()).isEmpty();
  }

  @Test
  void theTimeLeftIsThatOfTheRowsLeftAtTheRateSinceTheFirstResult() {
    result(0, "a->b", 1_000, 50);
    result(0, "a->c", 1_000, 10);
    result(1, "a->b", 1_000, 10);
    // What lies astray is compared with nothing.
    result(0, "STRAY on a", 5_000, 10);

    assertThat(read().share()).isEqualTo(0.75);
    // 2000 rows in 50 s, and 7000 are left.
    assertThat(read().secondsLeft().orElseThrow()).isCloseTo(175, Offset.offset(20L));

    // The copy has counted the rows, and the plan has only guessed.
    execute("INSERT INTO job_progress VALUES (?, 'copied', 'a->b', 0, 0, 4000)", PLAN.planId());

    assertThat(read().secondsLeft().orElseThrow()).isCloseTo(25, Offset.offset(10L));
  }

  @Test
  void whatAnEarlierJobHasComparedIsNoneOfTheRate() {
    result(0, "a->b", 4_000, 1_000);
    result(0, "a->c", 1_000, 900);

    assertThat(read().share()).isEqualTo(0.5);
    assertThat(read().secondsLeft()).isEmpty();

    result(1, "a->b", 1_000, 50);
    result(1, "a->c", 1_000, 10);

    assertThat(read().share()).isEqualTo(1);
    assertThat(read().secondsLeft()).as("nothing is left").isEmpty();
    assertThat(read().report().rowsCompared()).isEqualTo(7_000);
  }

  private VerificationProgress read() {
    return VerificationProgress.read(control, PLAN, RUN);
  }

  private void result(int split, String step, long rows, int secondsAgo) {
    execute(
        "INSERT INTO verification (operation_id, run, mode, split, step, source_rows, target_rows,"
            + " mismatches, undecided, samples, created_at)"
            + " VALUES (?, ?, 'COUNT', ?, ?, ?, ?, 0, 0, '[]', now() - make_interval(secs => ?))",
        PLAN.planId(),
        RUN,
        split,
        step,
        rows,
        rows,
        secondsAgo);
  }

  private void execute(String sql, Object... values) {
    control.call("play", jdbi -> jdbi.withHandle(handle -> handle.execute(sql, values)));
  }
}
