package io.reshard.orchestrator.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.error.ErrorCode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExitCodeTest {
  @ParameterizedTest
  @CsvSource({
    "COPY_FAILED,1",
    "CUTOVER_ABORTED,1",
    "PREFLIGHT_FAILED,1",
    "INVALID_CONFIGURATION,2",
    "INVALID_PLAN,2",
    "TOPOLOGIES_IDENTICAL,2",
    "RESHARDING_NOT_FOUND,3",
    "TOPOLOGY_CONFLICT,3",
    "ROLLBACK_NOT_AVAILABLE,3",
    "WAY_BACK_BEHIND,3",
    "SOURCE_UNAVAILABLE,4",
    "PLAN_GENERATION_FAILED,4",
    "TARGET_UNAVAILABLE,5",
    "STATE_STORE_FAILED,6",
    "FLINK_UNAVAILABLE,6",
    "VERIFICATION_FAILED,7",
    "INTERNAL,70"
  })
  void tellsWhoseFaultItWas(ErrorCode code, int exit) {
    assertThat(ExitCode.of(code)).isEqualTo(exit);
  }
}
