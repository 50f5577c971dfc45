package io.reshard.core.error;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class CollectedFailuresTest {
  private final CollectedFailures failures = new CollectedFailures();

  @Test
  void throwsNothingIfNothingFailed() {
    failures.collect(() -> {});
    assertThatCode(failures::throwAny).doesNotThrowAnyException();
  }

  @Test
  void throwsTheOnlyOneAsItIs() {
    ReshardingException only = failure(ErrorCode.DISK_FULL, "no room");
    failures.collect(
        () -> {
          throw only;
        });
    assertThatThrownBy(failures::throwAny).isSameAs(only);
  }

  @Test
  void namesAllWithTheCodeAndCauseOfTheFirst() {
    ReshardingException first = failure(ErrorCode.TARGET_UNAVAILABLE, "shard-1 is down");
    ReshardingException second = failure(ErrorCode.SOURCE_UNAVAILABLE, "shard-2 is down");
    failures.add(first);
    failures.add(second);
    assertThatThrownBy(failures::throwAny)
        .isInstanceOf(ReshardingException.class)
        .hasMessageContaining("shard-1 is down; ")
        .hasMessageContaining("shard-2 is down")
        .hasCause(first)
        .hasSuppressedException(second)
        .extracting(e -> ((ReshardingException) e).errorCode())
        .isEqualTo(ErrorCode.TARGET_UNAVAILABLE);
  }

  private static ReshardingException failure(ErrorCode code, String message) {
    return new ReshardingException(code, message);
  }
}
