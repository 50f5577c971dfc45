package io.reshard.verifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerifierArgumentsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--secrets s; --plan is missing",
        "--plan p; --secrets is missing",
        "--plan p --secrets; --secrets needs a value",
        "--plan p --secrets s --fast; unknown argument '--fast'",
      })
  void refusesIncompleteArguments(String words, String problem) {
    assertThatThrownBy(() -> VerifierArguments.parse(words.split(" ")))
        .hasMessageStartingWith(problem)
        .hasMessageContaining("usage: ")
        .asInstanceOf(InstanceOfAssertFactories.type(ReshardingException.class))
        .extracting(ReshardingException::errorCode)
        .isEqualTo(ErrorCode.INVALID_ARGUMENTS);
  }

  @Test
  void namesAFileThatIsNotThere() {
    VerifierArguments arguments =
        VerifierArguments.parse("--plan", "/nowhere/plan.json", "--secrets", "secrets.yaml");

    assertThatThrownBy(arguments::plan).hasMessageContaining("/nowhere/plan.json");
    assertThat(VerifierArguments.USAGE).contains("--samples");
  }
}
