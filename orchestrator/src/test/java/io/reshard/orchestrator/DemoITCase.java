package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.reshard.orchestrator.cli.ExitCode;
import io.reshard.orchestrator.cli.Reshard;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The demo as its user runs it, with few rows. */
@Tag("cluster")
class DemoITCase {
  @Test
  void movesRowsUnderWritersAndFindsThemEqual() throws Exception {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        Reshard.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute("demo", "--rows", "5000", "--from", "2", "--to", "3", "--json");

    assertThat(exitCode).as("%s", err).isEqualTo(ExitCode.OK);
    JsonNode report = new ObjectMapper().readTree(out.toString());
    assertThat(report.fieldNames())
        .toIterable()
        .containsExactly(
            "equal", "rows", "changesReplicated", "copyRowsPerSecond", "readOnlyMillis", "strays");
    assertThat(report.get("equal").asBoolean()).isTrue();
    assertThat(report.get("rows").asLong()).isGreaterThan(4_900);
    assertThat(report.get("changesReplicated").asLong()).isPositive();
    assertThat(report.get("copyRowsPerSecond").asLong()).isPositive();
    assertThat(report.get("readOnlyMillis").asLong()).isPositive();
    assertThat(report.get("strays").asLong()).isPositive();
    assertThat(err.toString()).contains("Web UI: http://127.0.0.1:").contains("CUTTING_OVER");
  }
}
