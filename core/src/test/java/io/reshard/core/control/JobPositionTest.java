package io.reshard.core.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class JobPositionTest {
  private static final JobPosition EARLIER = at(1, 2);

  @Test
  void goesOnWhileTheAttemptIsTheSameAndNothingIsFound() {
    assertThat(at(1, 2).continues(EARLIER)).isTrue();
    assertThat(at(1, 3).continues(EARLIER)).isFalse();
    assertThat(at(2, 0).continues(EARLIER)).isFalse();
  }

  /** Each attempt counts from nothing. */
  @Test
  void anAttemptThatIsNewMayNotHaveFoundAnything() {
    assertThat(at(1, 2).readsBackSince(EARLIER)).isTrue();
    assertThat(at(1, 3).readsBackSince(EARLIER)).isFalse();
    assertThat(at(2, 0).readsBackSince(EARLIER)).isTrue();
    assertThat(at(2, 2).readsBackSince(EARLIER)).isFalse();
  }

  private static JobPosition at(int attempt, long mismatchedWrites) {
    return new JobPosition(new Epoch(1, attempt), OptionalLong.of(7), mismatchedWrites);
  }
}
