package io.reshard.testkit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Stops a server and removes its directory, whether this JVM asks for it or dies, by System.exit, a
 * signal or kill -9: a shell waits for the end of its standard input, a pipe that the kernel closes
 * with the JVM. It ignores the terminal's Ctrl-C, which reaches all processes of the group.
 */
final class ServerReaper {
  private static final int TIMEOUT_SECONDS = 30;

  /**
   * Argument 1 is the directory. A process that only happens to have the recorded id is left alone.
   */
  private static final String SCRIPT =
      """
            trap '' HUP INT TERM
            while read -r line; do :; done
            data="$1/data"
            pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null)
            lives() { [ -n "$pid" ] && grep -qF "$data" "/proc/$pid/cmdline" 2>/dev/null; }
            if lives; then
              kill -QUIT "$pid"
              n=0
              while lives && [ $n -lt 200 ]; do sleep 0.02; n=$((n+1)); done
              if lives; then kill -KILL "$pid"; fi
            fi
            rm -rf "$1" 2>/dev/null || { sleep 0.5; rm -rf "$1"; }
            """;

  private final Path directory;
  private final Process process;

  private ServerReaper(Path directory, Process process) {
    this.directory = directory;
    this.process = process;
  }

  /**
   * Watches a directory whose sub-directory {@code data} is, or will be, a server's data directory.
   */
  static ServerReaper watch(Path directory) throws IOException {
    Process process =
        new ProcessBuilder("sh", "-c", SCRIPT, "reshard-reaper", directory.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    return new ServerReaper(directory, process);
  }

  /** Stops the server at once and removes the directory; returns when both are done. Idempotent. */
  void reap() {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new TestKitException(
            "the server in " + directory + " did not stop within " + TIMEOUT_SECONDS + " s");
      }
    } catch (IOException e) {
      throw new TestKitException("cannot stop the server in " + directory, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestKitException(
          "interrupted while the server in " + directory + " was being stopped", e);
    }
  }
}
