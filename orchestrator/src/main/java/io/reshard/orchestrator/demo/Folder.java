package io.reshard.orchestrator.demo;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The temporary folder of a demo: checkpoints, and a configuration for the other commands. */
record Folder(Path path) {
  private static final Logger LOG = LoggerFactory.getLogger(Folder.class);
  private static final int ATTEMPTS = 5;
  private static final String CONFIGURATION =
      """
      control: { url: "%s", user: postgres }
      flink: { address: "%s", checkpoints: "%s" }
      """;

  static Folder create() {
    try {
      return new Folder(Files.createTempDirectory("reshard-demo-"));
    } catch (IOException e) {
      throw new ReshardingException(
          ErrorCode.INVALID_CONFIGURATION,
          "cannot make a folder in " + System.getProperty("java.io.tmpdir") + ": " + e.getMessage(),
          e);
    }
  }

  Path checkpoints() {
    return path.resolve("checkpoints");
  }

  /** Flink's working files. */
  Path flink() {
    return path.resolve("flink");
  }

  /** Writes a reshard.yaml and returns its path. */
  Path writeConfiguration(LiveSystem system, URI flink) {
    Path file = path.resolve("reshard.yaml");
    try {
      return Files.writeString(
          file, String.format(CONFIGURATION, system.controlUrl(), flink, checkpoints().toUri()));
    } catch (IOException e) {
      throw new ReshardingException(
          ErrorCode.INVALID_CONFIGURATION, "cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  /** Removes the folder; a job that is just ending may add a file meanwhile. Idempotent. */
  void delete() {
    for (int attempt = 1; Files.exists(path); attempt++) {
      try (Stream<Path> content = Files.walk(path)) {
        for (Path one : content.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(one);
        }
      } catch (IOException | UncheckedIOException e) {
        if (attempt == ATTEMPTS) {
          LOG.warn("cannot remove {}: {}", path, e.getMessage());
          return;
        }
      }
    }
  }
}
