package io.reshard.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LiveWriterITCase {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final WriterOptions OPTIONS = WriterOptions.defaults().withChangeShardKeys(true);
  private static final AtomicInteger NAMES = new AtomicInteger();
  private static EmbeddedPostgresServer server;

  @BeforeAll
  static void start() {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static TwoShards shards(long orders) throws SQLException {
    return TwoShards.create(server, "live" + NAMES.incrementAndGet(), orders);
  }

  @Test
  void everyKindOfWriteAgreesWithTheRows() throws SQLException {
    TwoShards shards = shards(2_000);
    try (LiveWriter writer = LiveWriter.start(shards.directory(), shards.loaded(), OPTIONS)) {
      awaitWrites(writer, 5_000);
      WriterReport report = writer.stop();
      assertThat(report.writesByKind().keySet())
          .hasSize(WriteKind.values().length - 1)
          .doesNotContain(WriteKind.ROLLBACK.name());
      assertThat(report.rolledBack()).isPositive();
      assertThat(report.p50Millis()).isPositive().isLessThanOrEqualTo(report.p99Millis());
      assertThat(report.retries()).isZero();
      expectConsistent(writer, shards);
      assertThat(writer.history().writtenKeys()).isGreaterThan(2_000);
    }
  }

  @Test
  void emptyTablesAreFilled() throws SQLException {
    TwoShards shards = shards(0);
    try (LiveWriter writer = LiveWriter.start(shards.directory(), shards.loaded(), OPTIONS)) {
      awaitWrites(writer, 500);
      writer.stop();
      expectConsistent(writer, shards);
    }
  }

  @Test
  void windowCountsOnlyTheWaitsInIt() throws SQLException {
    TwoShards shards = shards(1_000);
    try (LiveWriter writer = LiveWriter.start(shards.directory(), shards.loaded(), OPTIONS)) {
      awaitWrites(writer, 200);
      assertThat(writer.report().windowMillis()).isZero();
      writer.beginWindow();
      awaitWrites(writer, writer.report().writes() + 200);
      writer.endWindow();
      WriterReport report = writer.stop();
      assertThat(report.windowMillis()).isPositive().isLessThanOrEqualTo(report.readOnlyMillis());
    }
  }

  @Test
  void pausedWriterDoesNothingAndGoesOn() throws SQLException {
    TwoShards shards = shards(1_000);
    try (LiveWriter writer = LiveWriter.start(shards.directory(), shards.loaded(), OPTIONS)) {
      awaitWrites(writer, 200);
      writer.pause();
      long writes = writer.report().writes();
      expectConsistent(writer, shards);
      assertThat(writer.report().writes()).isEqualTo(writes);
      writer.resume();
      awaitWrites(writer, writes + 200);
      writer.stop();
      expectConsistent(writer, shards);
    }
  }

  @Test
  void rateIsLimited() throws SQLException {
    TwoShards shards = shards(1_000);
    WriterOptions slow = OPTIONS.withWritesPerSecond(100);
    try (LiveWriter writer = LiveWriter.start(shards.directory(), shards.loaded(), slow)) {
      awaitWrites(writer, 150);
      WriterReport report = writer.stop();
      assertThat(report.writes() / report.elapsedSeconds()).isBetween(20.0, 130.0);
    }
  }

  @Test
  void nextWriterGoesOnWithTheHistory() throws SQLException {
    TwoShards shards = shards(1_000);
    WriterHistory history = new WriterHistory(shards.loaded());
    for (int run = 1; run <= 2; run++) {
      WriterOptions options = OPTIONS.withWriters(run + 1).withSeed(run);
      try (LiveWriter writer = LiveWriter.start(shards.directory(), history, options)) {
        awaitWrites(writer, 300);
        writer.stop();
        expectConsistent(writer, shards);
      }
    }
  }

  @Test
  void refusedWritesAreRetriedAndTheirWaitIsMeasured() throws SQLException {
    TwoShards shards = shards(1_000);
    try (LiveWriter writer = LiveWriter.start(shards.directory(), shards.loaded(), OPTIONS)) {
      awaitWrites(writer, 300);
      fence(shards);
      long start = System.nanoTime();
      await()
          .atMost(PATIENCE)
          .until(() -> System.nanoTime() - start > Duration.ofMillis(700).toNanos());
      for (String table : SampleApplication.tableNames()) {
        shards.executeOnBoth("DROP TRIGGER fence ON " + table);
      }
      awaitWrites(writer, writer.report().writes() + 300);
      WriterReport report = writer.stop();
      assertThat(report.readOnlyMillis()).isBetween(700L, 20_000L);
      assertThat(report.maxOutageMillis()).hasSize(4).allMatch(millis -> millis >= 700);
      assertThat(report.retriesByCause()).containsKey("P0001");
      expectConsistent(writer, shards);
    }
  }

  @Test
  void crashesInTheMiddleOfCommitsLeaveNoDoubt() throws SQLException {
    try (EmbeddedPostgresServer crashing = EmbeddedPostgresServer.start(ServerOptions.fast())) {
      TwoShards shards = TwoShards.create(crashing, "crash", 1_000);
      WriterOptions options = OPTIONS.withWriters(16);
      SwitchableDirectory directory = shards.directory(new ServerRouting(server));
      try (LiveWriter writer = LiveWriter.start(directory, shards.loaded(), options)) {
        for (int crash = 0; crash < 5; crash++) {
          awaitWrites(writer, writer.report().writes() + 400);
          crashing.restart(StopMode.IMMEDIATE);
        }
        awaitWrites(writer, writer.report().writes() + 400);
        WriterReport report = writer.stop();
        assertThat(report.retries()).isPositive();
        assertThat(writer.history().keysInDoubt()).isZero();
        expectConsistent(writer, shards);
      }
    }
  }

  @Test
  void connectionsThatBreakAtTheCommitLeaveNoDoubt() throws SQLException {
    TwoShards shards = shards(1_000);
    FlakyDirectory directory = new FlakyDirectory(shards.directory(), 10);
    try (LiveWriter writer = LiveWriter.start(directory, shards.loaded(), OPTIONS)) {
      await().atMost(PATIENCE).until(() -> writer.report().inDoubtResolved() > 100);
      WriterReport report = writer.stop();
      assertThat(report.retriesByCause()).containsKey("08003");
      expectConsistent(writer, shards);
    }
  }

  /**
   * The interleaving of {@link DoubtResolver}, held at step 2 by a synchronous standby that does
   * not exist.
   */
  @Test
  void commitThatEndsAfterItsConnectionIsWaitedFor() throws SQLException {
    try (EmbeddedPostgresServer waiting = EmbeddedPostgresServer.start(ServerOptions.fast())) {
      TwoShards shards = TwoShards.create(waiting, "waiting", 1_000);
      FlakyDirectory directory = new FlakyDirectory(shards.directory(new ServerRouting(server)), 0);
      try (LiveWriter writer = LiveWriter.start(directory, shards.loaded(), OPTIONS)) {
        awaitWrites(writer, 300);
        configure(waiting, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
        await().atMost(PATIENCE).until(() -> count(waiting, "wait_event = 'SyncRep'") == 4);
        long resolved = writer.report().inDoubtResolved();
        directory.cutAll();
        await().atMost(PATIENCE).until(() -> count(waiting, "wait_event = 'advisory'") == 4);
        assertThat(writer.report().inDoubtResolved()).isEqualTo(resolved);
        configure(waiting, "ALTER SYSTEM RESET synchronous_standby_names");
        awaitWrites(writer, writer.report().writes() + 300);
        assertThat(writer.stop().inDoubtResolved()).isEqualTo(resolved + 4);
        expectConsistent(writer, shards);
      }
    }
  }

  @Test
  void writerFollowsASwitchAfterTheFirstRefusal() throws SQLException {
    TwoShards shards = shards(1_000);
    SwitchableDirectory directory = shards.directory();
    ServerRouting routing = new ServerRouting(server);
    try (LiveWriter writer = LiveWriter.start(directory, shards.loaded(), OPTIONS)) {
      awaitWrites(writer, 300);
      fence(shards);
      await().atMost(PATIENCE).until(() -> writer.report().retries() > 10);
      for (String table : SampleApplication.tableNames()) {
        shards.executeOnBoth("DROP TRIGGER fence ON " + table);
      }
      directory.switchTo(
          Map.of(
              "new-shard-0",
              shards.owned().get(0).connections(),
              "new-shard-1",
              shards.owned().get(1).connections()),
          customer -> "new-" + routing.apply(customer));
      directory.refresh();
      awaitWrites(writer, writer.report().writes() + 300);
      assertThat(directory.shardFor(1)).startsWith("new-");
      writer.stop();
      expectConsistent(writer, shards);
    }
  }

  @Test
  void brokenConstraintIsSurfacedAndNotRetried() throws SQLException {
    TwoShards shards = shards(1_000);
    try (LiveWriter writer = LiveWriter.start(shards.directory(), shards.loaded(), OPTIONS)) {
      awaitWrites(writer, 100);
      shards.executeOnBoth("ALTER TABLE public.audit ADD CHECK (action <> 'LIVE') NOT VALID");
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThatThrownBy(writer::checkHealthy)
                      .isInstanceOf(TestKitException.class)
                      .hasMessageContaining("AUDIT broke a constraint"));
      assertThatThrownBy(writer::stop).isInstanceOf(TestKitException.class);
      expectConsistent(writer, shards);
    }
  }

  @Test
  void rowThatVanishesUnderTheWriterIsAViolation() throws SQLException {
    TwoShards shards = shards(10);
    WriterOptions options = OPTIONS.withWriters(1);
    try (LiveWriter writer = LiveWriter.start(shards.directory(), shards.loaded(), options)) {
      awaitWrites(writer, 50);
      shards.executeOnBoth("DELETE FROM public.customer WHERE customer_id = 1");
      await().atMost(PATIENCE).until(() -> !writer.history().violations().isEmpty());
      assertThat(writer.history().violations().get(0).kind()).isEqualTo(HistoryViolation.Kind.LOST);
      assertThatThrownBy(writer::stop)
          .isInstanceOf(TestKitException.class)
          .hasMessageContaining("LOST");
    }
  }

  private static void fence(TwoShards shards) throws SQLException {
    shards.executeOnBoth(
        "CREATE OR REPLACE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql"
            + " AS 'BEGIN RAISE EXCEPTION ''fenced''; END'");
    for (String table : SampleApplication.tableNames()) {
      shards.executeOnBoth(
          "CREATE TRIGGER fence BEFORE INSERT OR UPDATE OR DELETE ON "
              + table
              + " EXECUTE FUNCTION public.refuse()");
    }
  }

  private static void configure(EmbeddedPostgresServer target, String sql) throws SQLException {
    try (Connection connection = target.connection("postgres");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
      statement.execute("SELECT pg_reload_conf()");
    }
  }

  private static long count(EmbeddedPostgresServer target, String condition) throws SQLException {
    try (Connection connection = target.connection("postgres");
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT count(*) FROM pg_stat_activity WHERE " + condition)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static void awaitWrites(LiveWriter writer, long writes) {
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              writer.checkHealthy();
              return writer.report().writes() >= writes;
            });
  }

  private static void expectConsistent(LiveWriter writer, TwoShards shards) throws SQLException {
    HistoryReport report = writer.history().check(shards.owned());
    assertThat(report.samples()).isEmpty();
    assertThat(report.consistent()).isTrue();
    assertThat(report.rows()).isPositive();
  }
}
