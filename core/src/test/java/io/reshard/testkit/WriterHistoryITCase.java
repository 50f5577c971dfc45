package io.reshard.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.reshard.testkit.HistoryViolation.Kind;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Every test spoils the rows in one way, expects the check to find just that, and mends them again.
 */
class WriterHistoryITCase {
  private static EmbeddedPostgresServer server;
  private static TwoShards shards;
  private static WriterHistory history;

  @BeforeAll
  static void write() throws SQLException {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
    shards = TwoShards.create(server, "spoiled", 5_000);
    WriterOptions options = WriterOptions.defaults().withWriters(2);
    try (LiveWriter writer = LiveWriter.start(shards.directory(), shards.loaded(), options)) {
      await().atMost(Duration.ofSeconds(60)).until(() -> writer.report().writes() > 1_000);
      writer.stop();
      history = writer.history();
    }
    for (String table : SampleApplication.tableNames()) {
      shards.executeOnBoth(
          "CREATE TABLE public.saved_" + table.substring(7) + " AS TABLE " + table);
    }
    shards.executeOnBoth(
        "ALTER TABLE public.order_items DROP CONSTRAINT order_items_order_id_fkey");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void mend() throws SQLException {
    for (String table : SampleApplication.tableNames()) {
      shards.executeOnBoth("TRUNCATE " + table);
      shards.executeOnBoth("INSERT INTO " + table + " TABLE public.saved_" + table.substring(7));
    }
    assertThat(history.check(shards.owned()).consistent()).isTrue();
  }

  @Test
  void untouchedShardsAreConsistent() throws SQLException {
    HistoryReport report = history.check(shards.owned());
    assertThat(report.samples()).isEmpty();
    assertThat(report.writtenKeys()).isEqualTo(history.writtenKeys()).isPositive();
  }

  @Test
  void writtenRowThatIsMissingIsLost() throws SQLException {
    spoil("DELETE FROM public.orders WHERE id = " + written(RowState::exists));
    expectOnly(Kind.LOST);
  }

  @Test
  void olderVersionIsLost() throws SQLException {
    long id = written(state -> state.exists() && state.version() > 2);
    spoil("UPDATE public.orders SET version = version - 1 WHERE id = " + id);
    expectOnly(Kind.LOST);
  }

  @Test
  void newerVersionIsDoubled() throws SQLException {
    spoil("UPDATE public.orders SET version = version + 1 WHERE id = " + written(RowState::exists));
    expectOnly(Kind.DOUBLED);
  }

  @Test
  void incrementAppliedTwiceIsDoubled() throws SQLException {
    spoil("UPDATE public.customer SET balance = balance + 1 WHERE customer_id = 1");
    expectOnly(Kind.DOUBLED);
  }

  @Test
  void otherContentIsDifferent() throws SQLException {
    spoil("UPDATE public.orders SET tags = '{x}' WHERE id = " + written(RowState::exists));
    expectOnly(Kind.DIFFERENT);
  }

  @Test
  void deletedRowThatIsBackIsMadeUp() throws SQLException {
    long id = written(state -> !state.exists());
    try (Connection connection = shards.owned().get(0).connections().open()) {
      Sql.execute(
          connection,
          "INSERT INTO public.orders (id, customer_id, status, version) SELECT "
              + id
              + ", customer_id, 'BACK', 1 FROM public.customer LIMIT 1");
    }
    expectOnly(Kind.MADE_UP);
  }

  @Test
  void rowThatNobodyWroteIsMadeUp() throws SQLException {
    try (Connection connection = shards.owned().get(0).connections().open()) {
      Sql.execute(
          connection,
          "INSERT INTO public.audit (customer_id, action) SELECT customer_id, 'LIVE'"
              + " FROM public.customer LIMIT 1");
    }
    expectOnly(Kind.MADE_UP);
  }

  @Test
  void loadedRowThatIsMissingIsLost() throws SQLException {
    spoil("DELETE FROM public.orders WHERE id = " + untouched());
    expectOnly(Kind.LOST);
  }

  @Test
  void loadedRowWithOtherContentIsDifferent() throws SQLException {
    spoil("UPDATE public.orders SET amount = -1 WHERE id = " + untouched());
    expectOnly(Kind.DIFFERENT);
  }

  @Test
  void keyOnTwoShardsIsADuplicate() throws SQLException {
    long id = written(RowState::exists);
    List<OwnedShard> all =
        shards.owned().stream()
            .map(
                shard -> new OwnedShard(shard.id(), shard.connections(), "customer_id IS NOT NULL"))
            .toList();
    assertThat(history.check(all).consistent()).isTrue();
    HistoryReport report = history.check(List.of(all.get(0), all.get(1), all.get(1)));
    assertThat(report.violations().keySet()).containsExactly(Kind.DUPLICATE);
    assertThat(id).isPositive();
  }

  @Test
  void writeInDoubtMayHaveHappenedOrNot() throws SQLException {
    WriterHistory doubtful = new WriterHistory(shards.loaded());
    history.states().forEach((key, state) -> doubtful.acknowledge(Map.of(key, state)));
    RowKey key = RowKey.order(written(RowState::exists));
    RowState state = history.state(key);
    doubtful.leaveInDoubt(Map.of(key, RowState.deleted(state.version())));
    assertThat(doubtful.check(shards.owned()).consistent()).isTrue();
    spoil("DELETE FROM public.orders WHERE id = " + key.first());
    assertThat(doubtful.check(shards.owned()).consistent()).isTrue();
    assertThat(doubtful.keysInDoubt()).isOne();
  }

  private static long written(Predicate<RowState> condition) {
    return history.states().entrySet().stream()
        .filter(
            entry ->
                entry.getKey().table() == SampleTable.ORDERS && condition.test(entry.getValue()))
        .mapToLong(entry -> entry.getKey().first())
        .min()
        .orElseThrow();
  }

  private static long untouched() {
    long id = 1;
    while (history.isWritten(RowKey.order(id))) {
      id++;
    }
    return id;
  }

  private static void spoil(String sql) throws SQLException {
    assertThat(shards.executeOnBoth(sql)).isOne();
  }

  private static void expectOnly(Kind kind) throws SQLException {
    HistoryReport report = history.check(shards.owned());
    assertThat(report.violations()).as(report.samples().toString()).isEqualTo(Map.of(kind, 1L));
  }
}
