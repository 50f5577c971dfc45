package io.reshard.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.sql.SQLException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CaptureRegistryITCase {
  private static final String PLAN = "20260102-abcdef01";
  private static final CaptureTurn FIRST = CaptureTurn.ofSubmission(1);
  private static final CaptureTurn SECOND = CaptureTurn.ofSubmission(2);
  private static final List<CaptureRecord> NAMES =
      List.of(
          new CaptureRecord("shard-0", "pub_0", "slot_0", null),
          new CaptureRecord("shard-1", "pub_1", "slot_1", null));
  private static final List<CaptureRecord> STANDING =
      List.of(
          new CaptureRecord("shard-0", "pub_0", "slot_0", 7L),
          new CaptureRecord("shard-1", "pub_1", "slot_1", 0L));

  private CaptureRegistry registry;
  private JobRegistry jobs;

  @BeforeEach
  void createControlDatabase() throws SQLException {
    ControlDatabase control = TestControl.create();
    registry = new CaptureRegistry(control, PLAN);
    jobs = new JobRegistry(control);
  }

  @Test
  void keepsWhatWasMadeOnTheSources() {
    assertThat(registry.begin(FIRST, NAMES)).isTrue();
    assertThat(registry.begin(FIRST, NAMES)).as("its reply was lost").isTrue();
    assertThat(registry.captures()).isEqualTo(NAMES);
    assertThat(jobs.nextGeneration(PLAN).prepared()).isFalse();

    registry.markPrepared(FIRST, STANDING);
    assertThat(registry.captures()).isEqualTo(STANDING);
    assertThat(jobs.nextGeneration(PLAN).prepared()).isTrue();

    assertThat(registry.beginRemoval(CaptureTurn.END)).contains(STANDING);
    assertThat(registry.forget(CaptureTurn.END, "shard-0")).isTrue();
    assertThat(registry.beginRemoval(CaptureTurn.END)).contains(STANDING.subList(1, 2));
  }

  @Test
  void whatASubmissionHasPreparedStays() {
    registry.begin(FIRST, NAMES);
    registry.markPrepared(FIRST, STANDING);
    assertThat(registry.begin(SECOND, NAMES)).isFalse();
    assertThat(registry.isTurn(FIRST)).isTrue();
    assertThat(registry.captures()).isEqualTo(STANDING);
  }

  @Test
  void aLaterSubmissionTakesOverWhatIsNotPrepared() {
    registry.begin(FIRST, NAMES);
    assertThat(registry.begin(SECOND, NAMES)).isTrue();
    assertSuperseded(() -> registry.requireTurn(FIRST));
    assertSuperseded(() -> registry.markPrepared(FIRST, STANDING));
    assertSuperseded(() -> registry.begin(FIRST, NAMES));
    assertThat(registry.captures()).as("nothing is half marked").isEqualTo(NAMES);
    assertThat(jobs.nextGeneration(PLAN).prepared()).isFalse();
    registry.markPrepared(SECOND, STANDING);
  }

  @Test
  void aCutoverMakesAnewWhatAnEarlierOneHasLeft() {
    registry.begin(CaptureTurn.ofCutover(1), NAMES);
    registry.markPrepared(CaptureTurn.ofCutover(1), STANDING);
    assertThat(registry.begin(CaptureTurn.ofCutover(2), NAMES)).isTrue();
    assertThat(registry.captures()).as("no number of an older slot").isEqualTo(NAMES);
  }

  @Test
  void anUndoingIsBetweenItsCutoverAndTheNext() {
    CaptureTurn undoing = CaptureTurn.undoing(1);
    assertThat(registry.beginRemoval(undoing)).as("before anything was made").contains(List.of());
    assertSuperseded(() -> registry.begin(CaptureTurn.ofCutover(1), NAMES));
    assertThat(registry.begin(CaptureTurn.ofCutover(2), NAMES)).isTrue();
    assertThat(registry.beginRemoval(undoing)).isEmpty();
    assertThat(registry.forget(undoing, "shard-0")).isFalse();
    assertThat(registry.captures()).isEqualTo(NAMES);
  }

  @Test
  void nothingIsMadeAfterTheEnd() {
    registry.begin(FIRST, NAMES);
    registry.beginRemoval(CaptureTurn.END);
    assertSuperseded(() -> registry.markPrepared(FIRST, STANDING));
    assertSuperseded(() -> registry.begin(SECOND, NAMES));
    assertSuperseded(() -> registry.begin(CaptureTurn.ofCutover(7), NAMES));
  }

  private static void assertSuperseded(ThrowingCallable work) {
    assertThatThrownBy(work)
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.EPOCH_SUPERSEDED))
        .hasMessageContaining("taken over by a later submission, cutover or rollback");
  }
}
