package io.reshard.orchestrator.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OperationsGuideTest {
  /** An operator who meets an error looks it up. */
  @Test
  void everyErrorCodeIsExplained() throws IOException {
    String guide = Files.readString(Path.of("..", "docs", "operations.md"));
    assertThat(Arrays.stream(ErrorCode.values()).map(ErrorCode::code))
        .allSatisfy(
            code ->
                assertThat(guide).contains("`" + code.substring(ErrorCode.PREFIX.length()) + "`"));
  }
}
