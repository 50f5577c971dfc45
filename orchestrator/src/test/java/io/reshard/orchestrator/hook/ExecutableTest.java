package io.reshard.orchestrator.hook;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.orchestrator.state.Phase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutableTest {
  @TempDir Path folder;

  private Optional<String> run(String script, Duration timeout) throws IOException {
    return run(script, "{\"id\":\"op-1\"}", timeout);
  }

  private Optional<String> run(String script, String status, Duration timeout) throws IOException {
    Path hook = folder.resolve("hook");
    Files.writeString(hook, "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(hook, PosixFilePermissions.fromString("rwx------"));
    return ask(hook, status, timeout);
  }

  private static Optional<String> ask(Path hook, String status, Duration timeout) {
    return TimedHooks.ask(
        new Executable(hook), new HookEvent("op-1", Phase.COPYING, status), timeout);
  }

  @Test
  void passesIdPhaseAndDocument() throws IOException {
    Path seen = folder.resolve("seen");
    assertThat(run("echo \"$1 $2 $(cat)\" > '" + seen + "'\n", Duration.ofSeconds(20))).isEmpty();
    assertThat(seen).hasContent("op-1 COPYING {\"id\":\"op-1\"}");
  }

  /** A pipe holds 64 KiB. */
  @Test
  void passesALargeDocumentAndNeedsNoReader() throws IOException {
    String status = "x".repeat(1_000_000);
    assertThat(run("test $(wc -c) -eq 1000000\n", status, Duration.ofSeconds(20))).isEmpty();
    assertThat(run("exit 0\n", status, Duration.ofSeconds(20))).isEmpty();
  }

  /** Standard output is for one document of ours. */
  @Test
  void relaysItsOutputToStandardError() throws IOException {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      assertThat(run("echo deploying\n", Duration.ofSeconds(20))).isEmpty();
    } finally {
      System.setErr(err);
      System.setOut(out);
    }
    assertThat(said.toString(StandardCharsets.UTF_8)).contains("deploying");
    assertThat(printed.size()).isZero();
  }

  @Test
  void takesAnExitCodeForARefusal() throws IOException {
    assertThat(run("exit 3\n", Duration.ofSeconds(20))).get().asString().contains("exit code 3");
  }

  @Test
  void takesATimeoutForARefusal() throws IOException {
    assertThat(run("exec sleep 60\n", Duration.ofMillis(300)))
        .get()
        .asString()
        .contains("did not end within");
  }

  @Test
  void takesAMissingFileForARefusal() {
    assertThat(ask(folder.resolve("none"), "{}", Duration.ofSeconds(20)))
        .get()
        .asString()
        .contains("cannot be run");
  }
}
