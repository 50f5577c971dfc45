package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.postgres.Endpoint;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sequence {@code s} of a source and of a target, before and after the cutover's step. */
class SequencesITCase {
  private static EmbeddedPostgresServer server;
  private static int databases;

  private Connection source;
  private Connection target;

  @BeforeAll
  static void start() {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void open() throws SQLException {
    source = connect();
    target = connect();
  }

  @AfterEach
  void close() throws SQLException {
    source.close();
    target.close();
  }

  private static Connection connect() throws SQLException {
    String url = server.createDatabase("sequences_" + ++databases);
    return new Endpoint("test", url, "postgres", null).connect("test");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        // source, drawn there # target, drawn there # new? # the target's next value
        "START 1 # 50 # START 1 # 0 # true # 52",
        "START 1 # 50 # START 1 # 10 # false # 52",
        "START 1 # 10 # START 1 # 50 # false # 51",
        "START 1 CACHE 20 # 1 # START 1 # 0 # true # 41",
        // Its own rhythm: even values stay even, 64ths stay apart.
        "START 1 INCREMENT 64 # 3 # START 2 INCREMENT 64 # 1 # false # 258",
        // Downwards.
        "START -1 INCREMENT -1 # 50 # START -1 INCREMENT -1 # 10 # false # -52",
        "START -1 INCREMENT -1 # 10 # START -1 INCREMENT -1 # 50 # false # -51",
        // A kept shard counts in bounds of its own; the source's range is beyond them.
        "START 5001 # 7 # START 1 MAXVALUE 5000 # 3 # false # 4",
        "START 1 MAXVALUE 5000 # 7 # START 5001 MINVALUE 5001 # 3 # false # 5004",
        // What is used up does not fail the step.
        "START 1 MAXVALUE 5 CYCLE # 5 # START 1 MAXVALUE 5 CYCLE # 0 # true # 1",
        "START 9223372036854775800 # 8 # START 1 # 1 # false # 2",
      })
  void aTargetGoesOnBehindItsSource(
      String onSource, int drawnThere, String onTarget, int drawnHere, boolean isNew, long next)
      throws SQLException {
    create(source, onSource, drawnThere);
    create(target, onTarget, drawnHere);
    Sequences.advance(target, Sequences.merge(List.of(Sequences.furthest(source))), isNew);
    assertThat(next(target)).isEqualTo(next);
  }

  @Test
  void theFurthestOfSeveralSourcesCounts() throws SQLException {
    create(source, "START 1", 30);
    create(target, "START 1", 50);
    assertThat(Sequences.merge(List.of(Sequences.furthest(source), Sequences.furthest(target))))
        .extractingByKey("public.s")
        .hasToString("51");
  }

  private static void create(Connection connection, String options, int drawn) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE SEQUENCE public.s " + options);
    }
    for (int i = 0; i < drawn; i++) {
      next(connection);
    }
  }

  private static long next(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT nextval('public.s')")) {
      row.next();
      return row.getLong(1);
    }
  }
}
