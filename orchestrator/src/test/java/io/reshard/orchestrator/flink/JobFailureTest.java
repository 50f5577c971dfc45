package io.reshard.orchestrator.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import org.junit.jupiter.api.Test;

class JobFailureTest {
  @Test
  void findsTheInnermostOfOurExceptions() {
    ReshardingException inner =
        new ReshardingException(
            ErrorCode.SOURCE_UNAVAILABLE, "shard-0 is away", new IllegalStateException("socket"));
    ReshardingException outer =
        new ReshardingException(ErrorCode.COPY_FAILED, "the copy failed", inner);
    JobFailure failure = JobFailure.of(new RuntimeException("wrapped by Flink", outer));
    assertThat(failure.code()).hasValue(ErrorCode.SOURCE_UNAVAILABLE);
    assertThat(failure.message()).isEqualTo("shard-0 is away");
  }

  @Test
  void namesTheRootCauseOfOthers() {
    JobFailure failure =
        JobFailure.of(new RuntimeException("outer", new IllegalStateException("disk full")));
    assertThat(failure.code()).isEmpty();
    assertThat(failure.message()).isEqualTo("java.lang.IllegalStateException: disk full");
  }

  @Test
  void passesOverCodesThatItDoesNotKnow() {
    JobFailure failure =
        JobFailure.parse(
            "io.reshard.core.error.ReshardingException: resharding.from_the_future: hello\n\tat x");
    assertThat(failure.code()).isEmpty();
    assertThat(failure.message()).contains("hello");
  }
}
