package io.reshard.job.gate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeartbeatNumbersTest {
  @Test
  void takesConsecutiveNumbers() {
    HeartbeatNumbers numbers = new HeartbeatNumbers(0);
    for (long number = 1; number <= 5; number++) {
      assertThat(numbers.take(number)).isEmpty();
    }
    assertThat(numbers.highest()).isEqualTo(5);
  }

  @Test
  void noticesAGap() {
    HeartbeatNumbers numbers = new HeartbeatNumbers(0);
    assertThat(numbers.take(1)).isEmpty();
    assertThat(numbers.take(2)).isEmpty();
    assertThat(numbers.take(4)).hasValue(3);
  }

  @Test
  void noticesThatNumbersGoBackInTheMiddleOfAStream() {
    HeartbeatNumbers numbers = new HeartbeatNumbers(0);
    assertThat(numbers.take(1)).isEmpty();
    assertThat(numbers.take(1)).hasValue(2);
  }

  /** A slot that was made anew begins with what is written after it. */
  @Test
  void noticesThatAStreamBeginsBehindWhatIsDue() {
    assertThat(new HeartbeatNumbers(7).take(9)).hasValue(8);
  }

  /** Numbers come again after a restart; the highest stays what it was until it is passed. */
  @Test
  void takesAReplayWithoutForgettingHowFarItWas() {
    HeartbeatNumbers numbers = new HeartbeatNumbers(7);
    assertThat(numbers.take(5)).isEmpty();
    assertThat(numbers.highest()).isEqualTo(7);
    assertThat(numbers.take(6)).isEmpty();
    assertThat(numbers.take(7)).isEmpty();
    assertThat(numbers.take(8)).isEmpty();
    assertThat(numbers.highest()).isEqualTo(8);
    assertThat(numbers.take(10)).hasValue(9);
  }
}
