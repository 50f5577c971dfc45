package io.reshard.orchestrator.phase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RetriesTest {
  private static final int MORE_THAN_ONE_TROUBLE_HAS = 100;
  private static final Duration NO_TIME = Duration.ofNanos(1);

  private final List<RuntimeException> pauses = new ArrayList<>();
  private int runs;

  @Test
  void aTroubleThatDoesNotPassEndsTheWork() {
    assertThatThrownBy(() -> fail(Duration.ofHours(1)))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            last -> {
              assertThat(last.errorCode()).isEqualTo(ErrorCode.FLINK_UNAVAILABLE);
              assertThat(last.getSuppressed()).hasSize(10);
            });
    assertThat(runs).isEqualTo(66);
    assertThat(pauses).hasSize(65);
  }

  /** Every failure comes after a while in which all went well. */
  @Test
  void manyTroublesDoNot() {
    fail(NO_TIME);
    assertThat(runs).isEqualTo(MORE_THAN_ONE_TROUBLE_HAS + 1);
    assertThat(pauses).hasSize(MORE_THAN_ONE_TROUBLE_HAS);
  }

  @Test
  void whatAPersonMustDecideIsNotTriedAgain() {
    assertThatThrownBy(
            () ->
                Retries.run(
                    () -> {
                      runs++;
                      throw new ReshardingException(ErrorCode.VERIFICATION_FAILED, "they differ");
                    },
                    pauses::add,
                    NO_TIME,
                    Duration.ofMillis(1),
                    NO_TIME))
        .hasMessage("they differ");
    assertThat(runs).isEqualTo(1);
    assertThat(pauses).isEmpty();
  }

  private void fail(Duration calm) {
    Retries.run(
        () -> {
          if (runs++ < MORE_THAN_ONE_TROUBLE_HAS) {
            throw new ReshardingException(ErrorCode.FLINK_UNAVAILABLE, "away " + runs);
          }
        },
        pauses::add,
        NO_TIME,
        Duration.ofMillis(1),
        calm);
  }
}
