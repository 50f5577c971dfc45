package io.reshard.core.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ByteBudgetTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private long now = 1_000 * SECOND;
  private final ByteBudget budget = new ByteBudget(() -> now);

  @Test
  void whatWasReadIsPaidForInTime() {
    assertThat(budget.nanosToWait(1_000)).isZero();
    budget.spend(5_000);
    assertThat(budget.nanosToWait(1_000)).isEqualTo(5 * SECOND);
    now += 2 * SECOND;
    assertThat(budget.nanosToWait(1_000)).isEqualTo(3 * SECOND);
  }

  @Test
  void aChangedRateHoldsForWhatIsStillOwed() {
    budget.spend(5_000);
    now += SECOND;
    assertThat(budget.nanosToWait(1_000)).isEqualTo(4 * SECOND);
    assertThat(budget.nanosToWait(4_000)).isEqualTo(SECOND);
    now += SECOND;
    assertThat(budget.nanosToWait(4_000)).isZero();
  }

  @Test
  void idleTimeIsNotSavedUp() {
    now += 3_600 * SECOND;
    assertThat(budget.nanosToWait(1_000)).isZero();
    budget.spend(2_000);
    assertThat(budget.nanosToWait(1_000)).isEqualTo(2 * SECOND);
  }

  /** However often one looks, no window of time gets more than its share and one block. */
  @Test
  void noWindowGetsMoreThanItsShare() {
    long read = 0;
    long end = now + 60 * SECOND;
    while (now < end) {
      if (budget.nanosToWait(10_000) == 0) {
        budget.spend(700);
        read += 700;
      }
      now += 7_000_000;
    }
    assertThat(read).isBetween(60 * 10_000L * 9 / 10, 60 * 10_000L + 700);
  }
}
