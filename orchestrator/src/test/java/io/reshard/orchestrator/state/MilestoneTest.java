package io.reshard.orchestrator.state;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MilestoneTest {
  @ParameterizedTest
  @EnumSource
  void everyPhaseHasItsPointsSinceAnyMayBeEntered(Phase phase) {
    assertThat(Milestone.before(phase)).hasToString("BEFORE_" + phase);
    assertThat(Milestone.in(phase)).hasToString("IN_" + phase);
  }

  @ParameterizedTest
  @EnumSource
  void everyPhaseThatIsDrivenHasThoseOfItsEnd(Phase phase) {
    if (!phase.terminal()) {
      assertThat(Milestone.done(phase)).hasToString(phase + "_DONE");
      assertThat(Milestone.after(phase)).hasToString("AFTER_" + phase);
    }
  }
}
