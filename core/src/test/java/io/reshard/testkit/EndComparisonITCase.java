package io.reshard.testkit;

import static io.reshard.testkit.RowDifference.Kind.DIFFERENT;
import static io.reshard.testkit.RowDifference.Kind.DUPLICATE;
import static io.reshard.testkit.RowDifference.Kind.EXTRA;
import static io.reshard.testkit.RowDifference.Kind.MISSING;
import static io.reshard.testkit.RowDifference.Kind.STRAY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EndComparisonITCase {
  private static final long ORDERS = 3_000;
  private static final AtomicInteger NAMES = new AtomicInteger();
  private static EmbeddedPostgresServer server;
  private static TwoShards before;

  private TwoShards after;

  @BeforeAll
  static void start() throws SQLException {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
    before = TwoShards.create(server, "before", ORDERS);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void copy() throws SQLException {
    after = TwoShards.create(server, "after" + NAMES.incrementAndGet(), ORDERS);
  }

  @Test
  void equalShardsAreEqual() throws SQLException {
    ComparisonReport report = compare();
    assertThat(report.equal()).as(report.toString()).isTrue();
    assertThat(report.rows()).isEqualTo(after.loaded().total());
    assertThat(report.table("public.orders").referenceRows()).isEqualTo(ORDERS);
  }

  @Test
  void missingRowIsFound() throws SQLException {
    assertThat(
            after.executeOnBoth(
                "DELETE FROM public.order_items WHERE order_id = 1234 AND line = 2"))
        .isOne();
    expectOnly(MISSING, "public.order_items", List.of("1234", "2"));
  }

  @Test
  void lastRowsMissingAreFound() throws SQLException {
    assertThat(after.executeOnBoth("DELETE FROM public.customer WHERE customer_id > 290"))
        .isEqualTo(10);
    assertThat(compare().missing()).isEqualTo(10);
  }

  @Test
  void extraRowIsFound() throws SQLException {
    for (OwnedShard shard : after.owned()) {
      try (Connection connection = shard.connections().open()) {
        Sql.execute(
            connection,
            "INSERT INTO public.customer (customer_id, name) SELECT customer_id, 'extra'"
                + " FROM (VALUES (1000001)) v (customer_id) WHERE "
                + shard.ownership());
      }
    }
    expectOnly(EXTRA, "public.customer", List.of("1000001"));
  }

  @Test
  void changedRowIsFound() throws SQLException {
    assertThat(after.executeOnBoth("UPDATE public.orders SET amount = amount + 0.01 WHERE id = 77"))
        .isOne();
    expectOnly(DIFFERENT, "public.orders", List.of("77"));
  }

  @Test
  void negativeZeroIsNotZero() throws SQLException {
    assertThat(after.executeOnBoth("UPDATE public.order_items SET price = 0 WHERE order_id = 991"))
        .isOne();
    expectOnly(DIFFERENT, "public.order_items", List.of("991", "1"));
  }

  @Test
  void strayIsFound() throws SQLException {
    long customer = 1_000_000;
    after.executeOnBoth(
        "INSERT INTO public.customer (customer_id, name) VALUES (" + customer + ", 'on both')");
    ComparisonReport report = compare();
    TableComparison table = report.table("public.customer");
    assertThat(table.strays().values()).containsExactly(1L);
    assertThat(table.extra()).isOne();
    assertThat(table.samples())
        .extracting(RowDifference::kind)
        .containsExactlyInAnyOrder(EXTRA, STRAY);
    assertThat(table.samples()).extracting(RowDifference::key).containsOnly(List.of("1000000"));
  }

  @Test
  void keyOwnedByTwoShardsIsFound() throws SQLException {
    List<OwnedShard> twice =
        List.of(before.owned().get(0), before.owned().get(1), before.owned().get(1));
    ComparisonReport report =
        EndComparison.compare(before.owned(), twice, SampleApplication.comparedTables());
    TableComparison table = report.table("public.orders");
    assertThat(table.duplicates()).isEqualTo(table.comparedRows() - ORDERS).isPositive();
    assertThat(table.missing() + table.extra() + table.different()).isZero();
    assertThat(table.samples()).extracting(RowDifference::kind).contains(DUPLICATE);
  }

  @Test
  void orderOfColumnsDoesNotMatterButTheirTypesDo() throws SQLException {
    after.executeOnBoth("ALTER TABLE public.audit RENAME COLUMN action TO gone");
    after.executeOnBoth(
        "ALTER TABLE public.audit ADD COLUMN action text NOT NULL DEFAULT 'LOADED'");
    after.executeOnBoth("ALTER TABLE public.audit DROP COLUMN gone");
    assertThat(compare().equal()).isTrue();
    after.executeOnBoth("ALTER TABLE public.audit ALTER COLUMN action TYPE varchar(20)");
    assertThatThrownBy(this::compare)
        .isInstanceOf(TestKitException.class)
        .hasMessageContaining("public.audit")
        .hasMessageContaining("character varying(20)");
  }

  @Test
  void textKeysAreMergedInOneOrder() throws SQLException {
    for (TwoShards shards : List.of(before, after)) {
      shards.executeOnBoth(
          "CREATE TABLE IF NOT EXISTS public.named (name text PRIMARY KEY, customer_id bigint)");
      shards.executeOnBoth(
          "INSERT INTO public.named SELECT name, 1 FROM (VALUES ('a'), ('B'), ('\u00e9'), ('\ufffd'),"
              + " ('\ud83d\ude00'), ('\ue000x'), ('ab'), ('')) v (name) WHERE current_database() LIKE '%\\_0'");
    }
    List<ComparedTable> named = List.of(new ComparedTable("public.named", List.of("name")));
    List<OwnedShard> all = List.of(everything(before, 0), everything(before, 1));
    List<OwnedShard> copy = List.of(everything(after, 0), everything(after, 1));
    after.execute(1, "INSERT INTO public.named VALUES ('\ud83d\ude01', 1)");
    before.execute(1, "INSERT INTO public.named VALUES ('\ud83d\ude01', 1)");
    ComparisonReport report = EndComparison.compare(all, copy, named);
    assertThat(report.equal()).as(report.toString()).isTrue();
    assertThat(report.rows()).isEqualTo(9);
  }

  @Test
  void unreadableShardIsAnErrorAndNotADifference() {
    OwnedShard broken =
        new OwnedShard("shard-9", after.owned().get(0).connections(), "no_such_column = 1");
    assertThatThrownBy(
            () ->
                EndComparison.compare(
                    before.owned(), List.of(broken), SampleApplication.comparedTables()))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("shard-9");
  }

  private static OwnedShard everything(TwoShards shards, int number) {
    OwnedShard shard = shards.owned().get(number);
    return new OwnedShard(shard.id(), shard.connections(), "true");
  }

  private ComparisonReport compare() throws SQLException {
    return EndComparison.compare(before.owned(), after.owned(), SampleApplication.comparedTables());
  }

  private void expectOnly(RowDifference.Kind kind, String table, List<String> key)
      throws SQLException {
    ComparisonReport report = compare();
    assertThat(report.equal()).isFalse();
    List<RowDifference> samples =
        report.tables().stream().flatMap(result -> result.samples().stream()).toList();
    assertThat(samples).hasSize(1);
    assertThat(samples.get(0).kind()).isEqualTo(kind);
    assertThat(samples.get(0).table()).isEqualTo(table);
    assertThat(samples.get(0).key()).isEqualTo(key);
    assertThat(report.missing() + report.extra() + report.different()).isOne();
  }
}
