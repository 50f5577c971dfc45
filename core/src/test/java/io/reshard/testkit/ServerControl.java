package io.reshard.testkit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Starts and stops the PostgreSQL of one directory: {@code data} holds the cluster, {@code
 * server.log} its log. The first start is zonky's (unpacking, initdb, {@code unshare -U} for root);
 * everything after it is pg_ctl's.
 */
final class ServerControl {
  private static final int LOG_TAIL_CHARACTERS = 2_000;

  /**
   * zonky gives these on the command line, with weaker values, where postgresql.conf cannot
   * override them.
   */
  private static final Set<String> COMMAND_LINE =
      Set.of("fsync", "synchronous_commit", "timezone", "max_connections");

  /** zonky makes this folder in any case, by default one for all users that is left behind. */
  private static final String WORKING_DIRECTORY = "ot.epg.working-dir";

  private final Path directory;
  private final Duration startTimeout;

  ServerControl(Path directory, Duration startTimeout) {
    this.directory = directory;
    this.startTimeout = startTimeout;
  }

  Path directory() {
    return directory;
  }

  void initialize(int port, ServerOptions options) {
    Map<String, String> settings = options.settings();
    BinaryCache binaries = new BinaryCache(options.oldest());
    ProcessBuilder.Redirect log = ProcessBuilder.Redirect.appendTo(log().toFile());
    System.getProperties().putIfAbsent(WORKING_DIRECTORY, BinaryCache.directory().toString());
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setPort(port)
            .setDataDirectory(data())
            .setDataDirectoryCustomizer(ignored -> configure(settings))
            .setLocaleConfig("locale", "C")
            .setPGStartupWait(startTimeout)
            .setRegisterShutdownHook(false)
            .setOutputRedirector(log)
            .setErrorRedirector(log);
    COMMAND_LINE.forEach(name -> builder.setServerConfig(name, settings.get(name)));
    try {
      // Not kept and not closed: its stop gives up after 5 s, which a walsender with a stuck client
      // outlasts.
      binaries.use(binaries.provide(builder)::start);
    } catch (Exception e) {
      throw new TestKitException(
          "cannot start PostgreSQL on port " + port + "; its log ends: " + logTail(), e);
    }
  }

  /**
   * Copies a running server and starts the copy as its streaming replica: the low-level backup of
   * the PostgreSQL manual, chapter 25.3.4, since pg_basebackup is not at hand.
   */
  void replicate(ServerControl primary, ConnectionSource connections, int primaryPort, int port) {
    try (Connection connection = connections.open();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT pg_backup_start('replica', fast => true)");
      DirectoryCopy.copy(primary.data(), data(), ServerControl::belongsToTheServer);
      try (ResultSet row =
          statement.executeQuery(
              "SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)")) {
        row.next();
        Files.writeString(data().resolve("backup_label"), row.getString(1));
      }
      Files.createFile(data().resolve("standby.signal"));
      Files.writeString(
          data().resolve("postgresql.auto.conf"),
          "primary_conninfo = 'host=127.0.0.1 port=%d user=%s'\n"
              .formatted(primaryPort, EmbeddedPostgresServer.USER));
      // The rest stands in the copied postgresql.conf; with fewer connections it would not start.
      String options = "-p %d -c max_connections=%s".formatted(port, maxConnections(statement));
      control(primary.programs(), "start", "-l", log().toString(), "-o", options);
    } catch (IOException | SQLException e) {
      throw new TestKitException("cannot make a replica in " + directory, e);
    }
  }

  private static String maxConnections(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery("SHOW max_connections")) {
      row.next();
      return row.getString(1);
    }
  }

  /** What the copy must not have: it is the other server's, or comes through the stream. */
  private static boolean belongsToTheServer(Path file) {
    return file.startsWith("pg_wal")
        || file.startsWith("pg_replslot")
        || file.startsWith("postmaster.pid")
        || file.startsWith("postmaster.opts");
  }

  /**
   * Starts the server again, with its old options, if it is stopped; else stops it first in the
   * given mode.
   */
  void restart(StopMode mode) {
    control("restart", "-m", mode.argument(), "-l", log().toString());
  }

  void stop(StopMode mode) {
    control("stop", "-m", mode.argument());
  }

  private void control(String action, String... arguments) {
    control(programs(), action, arguments);
  }

  private void control(Path programs, String action, String... arguments) {
    List<String> command = new ArrayList<>();
    if (LinuxUtils.isUnshareAvailable()) {
      command.addAll(List.of("unshare", "-U"));
    }
    command.add(programs.resolve("pg_ctl").toString());
    command.add(action);
    command.addAll(
        List.of("-D", data().toString(), "-w", "-t", Long.toString(startTimeout.toSeconds())));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
              .start();
      boolean ended = process.waitFor(2 * startTimeout.toSeconds(), TimeUnit.SECONDS);
      if (!ended || process.exitValue() != 0) {
        throw new TestKitException("pg_ctl " + action + " failed; the log ends: " + logTail());
      }
    } catch (IOException e) {
      throw new TestKitException("cannot run " + command, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TestKitException("interrupted during pg_ctl " + action, e);
    }
  }

  private void configure(Map<String, String> settings) {
    String lines =
        settings.entrySet().stream()
            .filter(setting -> !COMMAND_LINE.contains(setting.getKey()))
            .map(setting -> setting.getKey() + " = " + Sql.literal(setting.getValue()) + "\n")
            .collect(Collectors.joining("", "\n", ""));
    try {
      Files.writeString(data().resolve("postgresql.conf"), lines, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new TestKitException("cannot write postgresql.conf in " + data(), e);
    }
  }

  /** The first word of postmaster.opts is the path of the server's executable. */
  private Path programs() {
    try {
      String options = Files.readString(data().resolve("postmaster.opts"));
      return Path.of(options.substring(0, options.indexOf(" \""))).getParent();
    } catch (IOException e) {
      throw new TestKitException("cannot read postmaster.opts in " + data(), e);
    }
  }

  private Path data() {
    return directory.resolve("data");
  }

  private Path log() {
    return directory.resolve("server.log");
  }

  String logTail() {
    try {
      String text = new String(Files.readAllBytes(log()), StandardCharsets.UTF_8);
      return text.substring(Math.max(0, text.length() - LOG_TAIL_CHARACTERS));
    } catch (IOException e) {
      return "(no log: " + e.getMessage() + ")";
    }
  }
}
