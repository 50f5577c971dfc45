package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Where this machine keeps logs and the checkpoints of embedded clusters: {@code
 * RESHARD_STATE_DIR}, else {@code reshard} in the XDG state folder ({@code ~/.local/state}).
 */
final class StateFolder {
  /** The system property that names the folder; it comes before the environment. */
  static final String PROPERTY = "reshard.state";

  private StateFolder() {}

  static Path path() {
    String given = System.getProperty(PROPERTY, System.getenv("RESHARD_STATE_DIR"));
    if (given != null && !given.isBlank()) {
      return Path.of(given).toAbsolutePath();
    }
    String xdg = System.getenv("XDG_STATE_HOME");
    Path state =
        xdg == null || xdg.isBlank()
            ? Path.of(System.getProperty("user.home"), ".local", "state")
            : Path.of(xdg);
    return state.resolve("reshard").toAbsolutePath();
  }

  /** The folder, which only this user can enter, made if it is not there. */
  static Path create() {
    Path folder = path();
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      return folder;
    } catch (IOException e) {
      throw new ReshardingException(
          ErrorCode.INVALID_CONFIGURATION,
          "cannot make the folder " + folder + "; name another one in RESHARD_STATE_DIR",
          e);
    }
  }
}
