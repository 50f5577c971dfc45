package io.reshard.orchestrator;

import io.reshard.testkit.EmbeddedPostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** A database on a disk of its own, which can be filled up. Linux only, for root only. */
final class SmallDisk implements AutoCloseable {
  private static final int SIZE = 128 << 20;
  private static final int LEFT = 64 << 10;

  private final Path folder;

  private SmallDisk(Path folder) {
    this.folder = folder;
  }

  /** Whether this process may mount file systems. */
  static boolean possible() throws IOException {
    Path probe = Files.createTempDirectory("reshard-mount-");
    try {
      if (run(mount(probe)) != 0) {
        return false;
      }
      return run(unmount(probe)) == 0;
    } finally {
      Files.delete(probe);
    }
  }

  /** Makes {@code database} on a new disk. */
  static SmallDisk with(EmbeddedPostgresServer server, String database)
      throws IOException, SQLException {
    try (Connection connection = server.connection("postgres");
        Statement statement = connection.createStatement()) {
      SmallDisk disk = mountBeside(dataDirectory(statement));
      try {
        statement.execute("CREATE TABLESPACE small LOCATION '" + disk.folder + "'");
        statement.execute("CREATE DATABASE " + database + " TABLESPACE small");
        return disk;
      } catch (SQLException e) {
        disk.close();
        throw e;
      }
    }
  }

  private static SmallDisk mountBeside(Path data) throws IOException {
    Path folder = Files.createDirectory(data.resolveSibling("small"));
    require(mount(folder));
    Files.setOwner(folder, Files.getOwner(data));
    return new SmallDisk(folder);
  }

  private static Path dataDirectory(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery("SHOW data_directory")) {
      row.next();
      return Path.of(row.getString(1));
    }
  }

  /** Leaves room for next to nothing. */
  void fill() throws IOException {
    long free = Files.getFileStore(folder).getUsableSpace();
    Files.write(ballast(), new byte[Math.toIntExact(Math.max(0, free - LEFT))]);
  }

  void makeRoom() throws IOException {
    Files.delete(ballast());
  }

  private Path ballast() {
    return folder.resolve("ballast");
  }

  private static List<String> mount(Path folder) {
    return List.of("mount", "-t", "tmpfs", "-o", "size=" + SIZE, "tmpfs", folder.toString());
  }

  /** Lazily: its server may still have files open. */
  private static List<String> unmount(Path folder) {
    return List.of("umount", "-l", folder.toString());
  }

  private static void require(List<String> command) throws IOException {
    if (run(command) != 0) {
      throw new IOException(String.join(" ", command) + " failed");
    }
  }

  private static int run(List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted in " + String.join(" ", command), e);
    }
  }

  @Override
  public void close() throws IOException {
    require(unmount(folder));
  }
}
