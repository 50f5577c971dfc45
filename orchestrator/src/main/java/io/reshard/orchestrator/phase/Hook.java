package io.reshard.orchestrator.phase;

import java.io.IOException;
import java.nio.file.Files;
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
    Path input = null;
    try {
      // From a file, since a hook that reads nothing would hold up whoever writes to it.
      input = Files.writeString(Files.createTempFile("reshard-hook-", ".json"), statusJson);
      return await(
          executable,
          new ProcessBuilder(executable.toString(), operationId, phase)
              .redirectInput(input.toFile())
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start(),
          timeout);
    } catch (IOException e) {
      return new Outcome(false, executable + " cannot be run: " + e.getMessage());
    } finally {
      if (input != null) {
        input.toFile().delete();
      }
    }
  }

  private static Outcome await(Path executable, Process process, Duration timeout) {
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
}
