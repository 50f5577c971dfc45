package io.reshard.orchestrator.hook;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An operator's executable that is called with the operation's id and the phase as arguments and
 * the event's JSON on its standard input. Its output goes to our standard error, since standard
 * output is for one document of ours. It is killed when its thread is interrupted.
 */
public record Executable(Path file) implements PhaseCallback, CutoverGate {
  private static final Logger LOG = LoggerFactory.getLogger(Executable.class);
  private static final Duration LAST_OUTPUT = Duration.ofSeconds(1);

  /** An exit other than 0 and a crash refuse. */
  @Override
  public Optional<String> refusal(HookEvent event) throws InterruptedException {
    Path input = null;
    try {
      // From a file, since a hook that reads nothing would hold up whoever writes to it.
      input = Files.writeString(Files.createTempFile("reshard-hook-", ".json"), event.statusJson());
      int exit = run(event, input);
      return exit == 0 ? Optional.empty() : Optional.of(file + " ended with exit code " + exit);
    } catch (IOException e) {
      return Optional.of(file + " cannot be run: " + e.getMessage());
    } finally {
      if (input != null) {
        input.toFile().delete();
      }
    }
  }

  private int run(HookEvent event, Path input) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(file.toString(), event.operationId(), event.phase().name())
            .redirectInput(input.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      Thread relay = relay(process.getInputStream());
      int exit = process.waitFor();
      // A child of the executable may keep the stream open for as long as it likes.
      relay.join(LAST_OUTPUT.toMillis());
      return exit;
    } finally {
      process.destroyForcibly();
    }
  }

  private static Thread relay(InputStream output) {
    Thread relay =
        new Thread(
            () -> {
              try (output) {
                output.transferTo(System.err);
              } catch (IOException e) {
                LOG.debug("the output of a hook has ended", e);
              }
            },
            "reshard hook output");
    relay.setDaemon(true);
    relay.start();
    return relay;
  }

  @Override
  public void completed(HookEvent event) throws IOException, InterruptedException {
    Optional<String> refusal = refusal(event);
    if (refusal.isPresent()) {
      throw new IOException(refusal.get());
    }
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
