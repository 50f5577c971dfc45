package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.orchestrator.cli.ExitCode;
import io.reshard.orchestrator.cli.Reshard;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DemoArgumentsTest {
  @ParameterizedTest
  @CsvSource({
    "--rows 0, --rows is 0 and must be from 1 to 1000000000",
    "--rows -5, --rows is -5",
    "--rows many, 'many' is not a long",
    "--from 0, --from is 0 and must be from 1 to 64",
    "--from 65, --from is 65",
    "--to 65, --to is 65 and must be from 1 to 64",
    "--to 2, --from and --to are both 2",
    "--writers 0, --writers is 0 and must be from 1 to 64",
    "--writers 65, --writers is 65",
    "--speed 3, Unknown options"
  })
  @DisplayName("bad arguments are refused before anything is started")
  void refusesBadArguments(String arguments, String message) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] all = ("demo " + arguments).split(" ", -1);
    int exitCode =
        Reshard.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(all);

    assertThat(exitCode).isEqualTo(ExitCode.ARGUMENTS);
    assertThat(err.toString())
        .startsWith("reshard: error resharding.invalid_arguments: ")
        .contains(message);
    assertThat(out.toString()).isEmpty();
  }
}
