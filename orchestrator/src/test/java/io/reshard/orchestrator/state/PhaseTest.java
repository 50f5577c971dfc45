package io.reshard.orchestrator.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PhaseTest {
  private static EnumSet<Phase> after(Phase phase) {
    EnumSet<Phase> next = EnumSet.noneOf(Phase.class);
    Arrays.stream(Phase.values()).filter(phase::mayBecome).forEach(next::add);
    return next;
  }

  @Test
  void leadsFromPlanningToCompleted() {
    List<Phase> way =
        List.of(
            Phase.PLANNING,
            Phase.COPYING,
            Phase.REPLICATING,
            Phase.VERIFYING,
            Phase.CUTTING_OVER,
            Phase.CLEANING_UP,
            Phase.COMPLETED);
    for (int index = 0; index < way.size() - 1; index++) {
      assertThat(way.get(index).next()).isEqualTo(way.get(index + 1));
      assertThat(way.get(index).mayBecome(way.get(index + 1))).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"PLANNING", "COPYING", "REPLICATING", "VERIFYING", "CUTTING_OVER"})
  void failsAndRollsBackUntilTheSwitch(Phase phase) {
    assertThat(after(phase)).containsExactly(phase.next(), Phase.ROLLED_BACK, Phase.FAILED);
  }

  @Test
  void endsEitherWayAfterTheSwitch() {
    assertThat(after(Phase.CLEANING_UP)).containsExactly(Phase.COMPLETED, Phase.ROLLED_BACK);
  }

  @Test
  void staysWhereItIsOver() {
    assertThat(after(Phase.COMPLETED)).isEmpty();
    assertThat(after(Phase.ROLLED_BACK)).isEmpty();
  }

  @Test
  void goesOnFromFailed() {
    assertThat(after(Phase.FAILED))
        .containsExactly(
            Phase.PLANNING,
            Phase.COPYING,
            Phase.REPLICATING,
            Phase.VERIFYING,
            Phase.CUTTING_OVER,
            Phase.ROLLED_BACK);
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  void isTerminalWhereNothingDrivesIt(Phase phase) {
    assertThat(phase.terminal())
        .isEqualTo(EnumSet.of(Phase.COMPLETED, Phase.ROLLED_BACK, Phase.FAILED).contains(phase));
  }
}
