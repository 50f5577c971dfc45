package io.reshard.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedPostgresServerITCase {
  private static final Duration CLEAN_UP = Duration.ofSeconds(20);

  @Test
  void settingsAreInForce() throws SQLException {
    ServerOptions options =
        ServerOptions.defaults()
            .maxPreparedTransactions(7)
            .setting("log_line_prefix", "it's %p ")
            .setting("work_mem", "5MB");
    try (EmbeddedPostgresServer server = EmbeddedPostgresServer.start(options);
        Connection connection = server.connection("postgres")) {
      assertThat(text(connection, "SHOW fsync")).isEqualTo("on");
      assertThat(text(connection, "SHOW synchronous_commit")).isEqualTo("on");
      assertThat(text(connection, "SHOW wal_level")).isEqualTo("logical");
      assertThat(text(connection, "SHOW max_connections")).isEqualTo("200");
      assertThat(text(connection, "SHOW max_prepared_transactions")).isEqualTo("7");
      assertThat(text(connection, "SHOW log_line_prefix")).isEqualTo("it's %p ");
      assertThat(text(connection, "SHOW work_mem")).isEqualTo("5MB");
    }
  }

  @ParameterizedTest
  @EnumSource(StopMode.class)
  void restartKeepsPortAndData(StopMode mode) throws SQLException {
    try (EmbeddedPostgresServer server = EmbeddedPostgresServer.start(ServerOptions.defaults())) {
      String url = server.createDatabase("it's \"mine\"");
      try (Connection connection = server.connection("postgres")) {
        Sql.execute(connection, "CREATE TABLE kept AS SELECT 42 AS n");
        server.restart(mode);
        assertThatThrownBy(() -> Sql.execute(connection, "SELECT 1"))
            .isInstanceOf(SQLException.class);
      }
      assertThat(url).contains(":" + server.port() + "/");
      try (Connection connection = server.connection("postgres")) {
        assertThat(text(connection, "SELECT n FROM kept")).isEqualTo("42");
        assertThat(text(connection, "SHOW fsync")).isEqualTo("on");
      }
    }
  }

  @Test
  void stoppedServerCanBeResumed() throws SQLException {
    try (EmbeddedPostgresServer server = EmbeddedPostgresServer.start(ServerOptions.fast())) {
      server.stop(StopMode.IMMEDIATE);
      assertThatThrownBy(() -> server.connection("postgres").close())
          .isInstanceOf(SQLException.class);
      server.resume();
      try (Connection connection = server.connection("postgres")) {
        assertThat(text(connection, "SHOW fsync")).isEqualTo("off");
      }
    }
  }

  @Test
  void badSettingIsReportedWithTheServersOwnWords() {
    ServerOptions options =
        ServerOptions.defaults()
            .setting("no_such_setting", "1")
            .waitingAtMost(Duration.ofSeconds(2));
    assertThatThrownBy(() -> EmbeddedPostgresServer.start(options).close())
        .isInstanceOf(TestKitException.class)
        .hasMessageContaining("no_such_setting");
  }

  @Test
  void closeLeavesNothingBehind() throws IOException {
    EmbeddedPostgresServer server = EmbeddedPostgresServer.start(ServerOptions.fast());
    long pid = postmaster(server.directory());
    server.close();
    server.close();
    assertThat(server.directory()).doesNotExist();
    assertThat(isPostgres(pid)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"exit", "halt", "kill"})
  void nothingOutlivesTheJvm(String ending) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                ServerInOtherJvm.class.getName(),
                ending)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      Path directory = Path.of(output.readLine());
      long pid = Long.parseLong(output.readLine());
      if (ending.equals("kill")) {
        assertThat(isPostgres(pid)).isTrue();
        process.destroyForcibly();
      }
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      await().atMost(CLEAN_UP).until(() -> !Files.exists(directory) && !isPostgres(pid));
    } finally {
      process.destroyForcibly();
    }
  }

  static long postmaster(Path directory) throws IOException {
    return Long.parseLong(
        Files.readAllLines(directory.resolve("data/postmaster.pid")).get(0).trim());
  }

  private static boolean isPostgres(long pid) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(pid), "cmdline")).contains("postgres");
    } catch (IOException gone) {
      return false;
    }
  }

  private static String text(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
