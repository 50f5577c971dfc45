package io.reshard.orchestrator.phase;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * An operator's executable that is called with the operation's id and the phase as arguments and
 * the status JSON on its standard input. Its output goes to our standard error.
 */
public final class Hook {
  /** How long a hook may take. */
  public static final Duration TIMEOUT = Duration.ofSeconds(60);

  private Hook() {}

  /** How a hook ended; {@code detail} says why it is not {@code accepted}. */
  public record Outcome(boolean accepted, String detail) {}

  /** Runs {@code executable}; an exit other than 0, a crash and a timeout are no acceptance. */
  public static Outcome run(
      Path executable, String operationId, String phase, String statusJson, Duration timeout) {
    Process process;
    try {
      process =
          new ProcessBuilder(executable.toString(), operationId, phase)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
    } catch (IOException e) {
      return new Outcome(false, executable + " cannot be run: " + e.getMessage());
    }
    feed(process, statusJson);
    try {
      if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        return new Outcome(false, executable + " did not end within " + timeout.toSeconds() + " s");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      return new Outcome(false, executable + " was interrupted");
    }
    int exit = process.exitValue();
    return exit == 0
        ? new Outcome(true, "")
        : new Outcome(false, executable + " ended with exit code " + exit);
  }

  private static void feed(Process process, String statusJson) {
    // A document of this size fits the pipe, so a hook that never reads cannot hold us up.
    int pipe = 60_000;
    byte[] bytes = statusJson.getBytes(StandardCharsets.UTF_8);
    try (OutputStream input = process.getOutputStream()) {
      if (bytes.length <= pipe) {
        input.write(bytes);
      }
    } catch (IOException e) {
      // The hook has closed its input: it does not want the document.
      return;
    }
  }
}
