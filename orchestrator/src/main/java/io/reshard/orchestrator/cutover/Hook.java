package io.reshard.orchestrator.cutover;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Runs an operator's executable: arguments id and phase, a JSON document on standard input. */
final class Hook {
  private Hook() {}

  /** The exit code; 124 if it did not end in time (then it is killed). */
  static int run(Path executable, String id, String phase, String json, Duration timeout)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(executable.toString(), id, phase)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (OutputStream input = process.getOutputStream()) {
      input.write(json.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // A hook need not read its input; its exit code decides.
      if (process.isAlive() && !process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    }
    if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly();
      return 124;
    }
    return process.exitValue();
  }
}
