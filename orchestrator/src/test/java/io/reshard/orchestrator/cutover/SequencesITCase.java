package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.postgres.Endpoint;
import io.reshard.orchestrator.cutover.Sequences.Role;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
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
        // source, drawn there # target, drawn there # the target's next value
        "START 1 # 50 # START 1 # 10 # 51",
        "START 1 # 10 # START 1 # 50 # 51",
        "START 1 CACHE 20 # 1 # START 1 # 1 # 40",
        // Its own rhythm: even values stay even, 64ths stay apart.
        "START 1 INCREMENT 64 # 3 # START 2 INCREMENT 64 # 1 # 194",
        // Downwards.
        "START -1 INCREMENT -1 # 50 # START -1 INCREMENT -1 # 10 # -51",
        "START -1 INCREMENT -1 # 10 # START -1 INCREMENT -1 # 50 # -51",
        // A kept shard counts in bounds of its own; the source's range is beyond them.
        "START 5001 # 7 # START 1 MAXVALUE 5000 # 3 # 4",
        "START 1 MAXVALUE 5000 # 7 # START 5001 MINVALUE 5001 # 3 # 5004",
        "START 9223372036854775800 # 8 # START 1 # 1 # 2",
        // Nothing was drawn yet.
        "START 7 # 0 # START 1 # 1 # 7",
      })
  void aTargetGoesOnBehindItsSource(
      String onSource, int drawnThere, String onTarget, int drawnHere, long next)
      throws SQLException {
    create(source, onSource, drawnThere);
    create(target, onTarget, drawnHere);
    advance(Role.COUNTING, 0, 1);
    assertThat(next(target)).isEqualTo(next);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        // source, drawn there # place, of # the new shard's next value
        "START 1 # 50 # 1 # 1 # 4294967347",
        "START 1 # 50 # 2 # 2 # 8589934643",
        "START 1 # 0 # 1 # 1 # 4294967297",
        "START 3 INCREMENT 64 # 2 # 1 # 1 # 274877907075",
        "START -1 INCREMENT -1 # 50 # 1 # 1 # -4294967347",
        // Of 2147483597 values that are left, 1/16 each, or 1/24.
        "AS integer START 1 # 50 # 1 # 1 # 134217775",
        "AS integer START 1 # 50 # 1 # 2 # 89478534",
        "AS integer START 1 # 50 # 2 # 2 # 178957017",
        "START 1 MAXVALUE 60 # 50 # 1 # 1 # 51",
        // What is used up does not fail the step.
        "START 1 MAXVALUE 5 CYCLE # 5 # 1 # 1 # 1",
      })
  void aNewShardBeginsFarAhead(String sequence, int drawn, int place, int places, long next)
      throws SQLException {
    create(source, sequence, drawn);
    create(target, sequence, 0);
    advance(Role.NEW, place, places);
    assertThat(next(target)).isEqualTo(next);
  }

  /** A sequence counts to 2^63 unless it was made for less, whatever the column holds. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        // source # its column # drawn there # the new shard's next value
        "START 1 # id integer DEFAULT nextval('public.s') # 50 # 134217775",
        "START 1 # id smallint DEFAULT nextval('public.s') # 50 # 2095",
        "START -1 INCREMENT -1 # id integer DEFAULT nextval('public.s') # 50 # -134217775",
        // Of the columns that it fills the shortest counts.
        "START 1 # id bigint DEFAULT nextval('public.s'), n int DEFAULT nextval('public.s') # 50 # 134217775",
        // The application asks for it by itself.
        "START 1 # id integer # 50 # 134217775",
        "START 3000000000 # id bigint # 1 # 7294967297",
      })
  void aNewShardBeginsWithinWhatTheColumnHolds(String sequence, String column, int drawn, long next)
      throws SQLException {
    create(source, sequence, column, drawn);
    create(target, sequence, column, 0);
    advance(Role.NEW, 1, 1);
    assertThat(next(target)).isEqualTo(next);
  }

  /** A shard that comes back has bounds of its own, and what it counted before. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "START 1 # 50 # START 1 # 10 # 4294967347",
        "START 5001 # 7 # START 1 MAXVALUE 5000 # 3 # 4",
      })
  void aShardThatComesBackDoesNotMeetItsSource(
      String onSource, int drawnThere, String onTarget, int drawnHere, long next)
      throws SQLException {
    create(source, onSource, drawnThere);
    create(target, onTarget, drawnHere);
    advance(Role.RETURNING, 1, 1);
    assertThat(next(target)).isEqualTo(next);
  }

  /** Were it set to where its source counts, both would give the same ids. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      value = {
        "START 1 # 50 # START 1 # 10 # 4294967347",
        "START 1 # 10 # START 1 # 50 # 51",
        "START 5001 # 7 # START 1 MAXVALUE 5000 # 3 # 4",
      })
  void aKeptShardDoesNotMeetASourceThatCountsOn(
      String onSource, int drawnThere, String onTarget, int drawnHere, long next)
      throws SQLException {
    create(source, onSource, drawnThere);
    create(target, onTarget, drawnHere);
    advance(Role.COUNTING, 1, 1);
    assertThat(next(target)).isEqualTo(next);
  }

  /** Else integers would run out, as each attempt takes a share of what is left. */
  @ParameterizedTest
  @CsvSource({"NEW, 2", "RETURNING, 1", "COUNTING, 1"})
  void aFurtherAttemptSetsItToTheSamePlace(Role role, int place) throws SQLException {
    create(source, "AS integer START 1", 50);
    create(target, "AS integer START 1", 0);
    advance(role, place, 2);
    long first = next(target);
    advance(role, place, 2);
    assertThat(next(target)).isEqualTo(first + 1);
  }

  /** Ranges by hand: the next one may belong to a shard that does not lose rows to this target. */
  @Test
  void aNewShardBeginsBeyondAllSources() throws SQLException {
    create(source, "START 1", 1);
    create(target, "START 1", 0);
    Map<String, BigInteger> other = Map.of("public.s", BigInteger.valueOf(5_000_000_000L));
    Map<String, BigInteger> own = Sequences.furthest(source);
    Sequences.advance(
        target, new Sequences.Goal(own, Sequences.merge(List.of(own, other)), Role.NEW, 1, 1));
    assertThat(next(target)).isEqualTo(9_294_967_296L);
  }

  /** One that was restarted has given nothing, and its start says nothing. */
  @Test
  void aRestartedSequenceStaysInItsRange() throws SQLException {
    create(source, "START 1", 50);
    create(target, "START 1", 0);
    try (Statement statement = target.createStatement()) {
      statement.execute("ALTER SEQUENCE public.s RESTART 1000000");
    }
    advance(Role.COUNTING, 0, 1);
    assertThat(next(target)).isEqualTo(1_000_000);
  }

  @Test
  void theFurthestOfSeveralSourcesCounts() throws SQLException {
    create(source, "START 1", 30);
    create(target, "START 1", 50);
    assertThat(Sequences.merge(List.of(Sequences.furthest(source), Sequences.furthest(target))))
        .extractingByKey("public.s")
        .hasToString("51");
  }

  private void advance(Role role, int place, int places) throws SQLException {
    Map<String, BigInteger> reached = Sequences.furthest(source);
    Sequences.advance(target, new Sequences.Goal(reached, reached, role, place, places));
  }

  private static void create(Connection connection, String options, int drawn) throws SQLException {
    create(connection, options, "id bigint DEFAULT nextval('public.s')", drawn);
  }

  private static void create(Connection connection, String options, String column, int drawn)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE SEQUENCE public.s " + options);
      statement.execute("CREATE TABLE public.t (" + column + ")");
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
