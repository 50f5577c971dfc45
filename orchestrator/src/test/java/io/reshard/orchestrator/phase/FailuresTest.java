package io.reshard.orchestrator.phase;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class FailuresTest {
  private static ReshardingException failure(ErrorCode code, String sqlState) {
    return new ReshardingException(code, "failed", new SQLException("why", sqlState));
  }

  @Test
  void waitsForWhatPasses() {
    assertThat(Failures.retryable(failure(ErrorCode.COPY_FAILED, "08006"))).isTrue();
    assertThat(Failures.retryable(failure(ErrorCode.COPY_FAILED, "53100"))).isTrue();
    assertThat(Failures.retryable(failure(ErrorCode.COPY_FAILED, "40P01"))).isTrue();
    assertThat(
            Failures.retryable(new ReshardingException(ErrorCode.FLINK_UNAVAILABLE, "no answer")))
        .isTrue();
    assertThat(Failures.retryable(new ReshardingException(ErrorCode.DISK_FULL, "the job's end")))
        .isTrue();
  }

  @Test
  void leavesToPeopleWhatTheyMustMend() {
    assertThat(Failures.retryable(failure(ErrorCode.TARGET_UNAVAILABLE, "28P01"))).isFalse();
    assertThat(Failures.retryable(failure(ErrorCode.COPY_FAILED, "42501"))).isFalse();
    assertThat(Failures.retryable(new ReshardingException(ErrorCode.KEY_COLLISION, "two owners")))
        .isFalse();
    assertThat(Failures.retryable(new IllegalStateException("a bug"))).isFalse();
  }

  @Test
  void doesNotTryACutoverAgainByItself() {
    assertThat(Failures.retryable(failure(ErrorCode.CUTOVER_FAILED, "08006"))).isFalse();
  }
}
