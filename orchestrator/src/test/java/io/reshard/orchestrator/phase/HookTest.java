package io.reshard.orchestrator.phase;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HookTest {
  @TempDir Path folder;

  private Hook.Outcome run(String script, Duration timeout) throws IOException {
    return run(script, "{\"id\":\"op-1\"}", timeout);
  }

  private Hook.Outcome run(String script, String status, Duration timeout) throws IOException {
    Path hook = folder.resolve("hook");
    Files.writeString(hook, "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(hook, PosixFilePermissions.fromString("rwx------"));
    return Hook.run(hook, "op-1", "COPYING", status, timeout);
  }

  @Test
  void passesIdPhaseAndDocument() throws IOException {
    Path seen = folder.resolve("seen");
    Hook.Outcome outcome = run("echo \"$1 $2 $(cat)\" > '" + seen + "'\n", Duration.ofSeconds(20));
    assertThat(outcome.accepted()).isTrue();
    assertThat(seen).hasContent("op-1 COPYING {\"id\":\"op-1\"}");
  }

  /** A pipe holds 64 KiB. */
  @Test
  void passesALargeDocumentAndNeedsNoReader() throws IOException {
    String status = "x".repeat(1_000_000);
    assertThat(run("test $(wc -c) -eq 1000000\n", status, Duration.ofSeconds(20)).accepted())
        .isTrue();
    assertThat(run("exit 0\n", status, Duration.ofSeconds(20)).accepted()).isTrue();
  }

  @Test
  void takesAnExitCodeForARefusal() throws IOException {
    Hook.Outcome outcome = run("exit 3\n", Duration.ofSeconds(20));
    assertThat(outcome.accepted()).isFalse();
    assertThat(outcome.detail()).contains("exit code 3");
  }

  @Test
  void takesATimeoutForARefusal() throws IOException {
    Hook.Outcome outcome = run("exec sleep 60\n", Duration.ofMillis(300));
    assertThat(outcome.accepted()).isFalse();
    assertThat(outcome.detail()).contains("did not end within");
  }

  @Test
  void takesAMissingFileForARefusal() {
    Hook.Outcome outcome =
        Hook.run(folder.resolve("none"), "op-1", "COPYING", "{}", Duration.ofSeconds(1));
    assertThat(outcome.accepted()).isFalse();
    assertThat(outcome.detail()).contains("cannot be run");
  }
}
