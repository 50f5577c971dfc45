package io.reshard.core.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** DDL during an operation: refused where the role is a superuser, noticed where it is not. */
class SchemaWatchITCase {
  /** A statement, and what a message about it names besides the table. */
  private static final List<List<String>> CHANGES =
      List.of(
          List.of("ALTER TABLE orders ADD COLUMN extra int DEFAULT 7", "column extra"),
          List.of("ALTER TABLE orders DROP COLUMN note", "column note"),
          List.of("ALTER TABLE orders ALTER COLUMN note TYPE varchar(20)", "column note"),
          List.of("ALTER TABLE orders RENAME COLUMN note TO remark", "column note"),
          List.of(
              "ALTER TABLE orders ALTER COLUMN customer_id DROP NOT NULL", "column customer_id"),
          List.of("ALTER TABLE orders RENAME TO orders_old", "table"),
          List.of("ALTER TABLE orders REPLICA IDENTITY FULL", "replica identity"),
          List.of("ALTER TABLE orders DROP CONSTRAINT orders_pkey", "primary key"),
          List.of("ALTER TABLE orders DROP CONSTRAINT orders_code", "unique index orders_code"),
          List.of(
              "ALTER TABLE orders ADD CONSTRAINT positive CHECK (id > 0)", "constraint positive"),
          List.of("DROP TABLE orders", "table"),
          List.of(
              "ALTER TABLE events_1 REPLICA IDENTITY FULL", "replica identity of public.events_1"),
          List.of("DROP TABLE events", "table"),
          List.of("DROP TABLE events_1", "partition public.events_1"),
          List.of("ALTER TABLE events DETACH PARTITION events_1", "partition public.events_1"),
          List.of(
              "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (1000) TO (2000)",
              "partition public.events_2"),
          List.of("CREATE TABLE child () INHERITS (orders)", "partition public.child"));

  static Stream<Arguments> changes() {
    return CHANGES.stream().map(change -> Arguments.of(change.get(0), change.get(1)));
  }

  @ParameterizedTest
  @MethodSource("changes")
  void refusesTheSuperusersChange(String statement, String subject) throws SQLException {
    try (WatchedSource source = WatchedSource.watched(WatchedSource.SUPERUSER)) {
      assertThatThrownBy(() -> source.run(statement))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("is refused: resharding operation")
          .hasMessageContaining("plan again");
      source.check();
      source.end();
      source.run(statement);
    }
  }

  @ParameterizedTest
  @MethodSource("changes")
  void noticesTheOwnersChange(String statement, String subject) throws SQLException {
    try (WatchedSource source = WatchedSource.watched(WatchedSource.OWNER)) {
      source.check();
      source.run(statement);
      assertChanged(source, statement.contains("vents") ? "events" : "orders", subject);
    }
  }

  private static void assertChanged(WatchedSource source, String table, String subject) {
    assertThatThrownBy(source::check)
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.SCHEMA_CHANGED))
        .hasMessageContaining("shard-0")
        .hasMessageContaining("\"public\".\"" + table + "\"")
        .hasMessageContaining(subject);
  }

  @Test
  void noticesAColumnThatIsMadeAgain() throws SQLException {
    try (WatchedSource source = WatchedSource.watched(WatchedSource.OWNER)) {
      source.run("ALTER TABLE orders DROP COLUMN note", "ALTER TABLE orders ADD COLUMN note text");
      assertChanged(source, "orders", "column note");
    }
  }

  @Test
  void noticesATableThatIsMadeAgain() throws SQLException {
    try (WatchedSource source = WatchedSource.watched(WatchedSource.OWNER)) {
      source.run(
          "ALTER TABLE orders RENAME TO orders_old",
          "CREATE TABLE orders (LIKE orders_old INCLUDING ALL)");
      assertChanged(source, "orders", "table");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {WatchedSource.SUPERUSER, WatchedSource.OWNER})
  void noticesWhatNoEventTriggerCanRefuse(String role) throws SQLException {
    try (WatchedSource source = WatchedSource.watched(role)) {
      source.run("ALTER TYPE mood ADD VALUE 'fair'");
      assertChanged(source, "orders", "column mood");
    }
    try (WatchedSource source = WatchedSource.watched(role)) {
      source.run(
          "DO $$ BEGIN EXECUTE 'ALTER PUBLICATION '"
              + " || (SELECT pubname FROM pg_publication WHERE pubname LIKE 'reshard%')"
              + " || ' DROP TABLE orders'; END $$");
      assertChanged(source, "orders", "publication");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {WatchedSource.SUPERUSER, WatchedSource.OWNER})
  void letsThroughWhatDoesNoHarm(String role) throws SQLException {
    try (WatchedSource source = WatchedSource.watched(role)) {
      source.run(
          "CREATE INDEX plain ON orders (note)",
          "CREATE UNIQUE INDEX CONCURRENTLY late ON orders (customer_id, id)",
          "DROP INDEX plain",
          "DROP INDEX late",
          "CREATE TABLE mine (id int PRIMARY KEY, other bigint REFERENCES other)",
          "ALTER TABLE other ADD COLUMN extra text",
          "CREATE TEMP TABLE scratch (id int)",
          "DROP TABLE mine",
          "GRANT SELECT ON orders TO public",
          "CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
          "CREATE TRIGGER quiet BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION quiet()",
          "DROP TRIGGER quiet ON orders",
          "VACUUM FULL orders",
          "ANALYZE orders");
      source.check();
    }
  }

  @Test
  void letsOwnSessionsThrough() throws SQLException {
    try (WatchedSource source = WatchedSource.watched(WatchedSource.SUPERUSER)) {
      source.run("SET reshard.session = 'on'", "ALTER TABLE orders DISABLE TRIGGER USER");
      source.check();
    }
  }

  @Test
  void aStrangersTableStaysHisOwn() throws SQLException {
    try (WatchedSource source = WatchedSource.watched(WatchedSource.SUPERUSER)) {
      // The refusing function reads our tables, which other roles may not.
      source.run(
          "SET ROLE " + WatchedSource.OWNER,
          "CREATE TEMP TABLE scratch (id int)",
          "ALTER TABLE scratch ADD COLUMN more int",
          "DROP TABLE scratch");
    }
  }

  @Test
  void aPlanThatNoLongerFitsIsRefusedAtTheStart() throws SQLException {
    try (WatchedSource source = WatchedSource.tables(WatchedSource.OWNER)) {
      source.run("ALTER TABLE orders ADD COLUMN extra int");
      assertThatThrownBy(source::begin)
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.SCHEMA_CHANGED))
          .hasMessageContaining("since the operation was planned")
          .hasMessageContaining("column extra was not there, is 'integer'");
    }
  }

  @Test
  void leavesNothingBehind() throws SQLException {
    try (WatchedSource source = WatchedSource.watched(WatchedSource.SUPERUSER)) {
      assertThat(source.count("SELECT count(*) FROM pg_event_trigger")).isEqualTo(2);
      source.end();
      assertThat(source.count("SELECT count(*) FROM pg_event_trigger")).isZero();
      assertThat(source.count("SELECT count(*) FROM reshard.shape")).isZero();
    }
  }
}
