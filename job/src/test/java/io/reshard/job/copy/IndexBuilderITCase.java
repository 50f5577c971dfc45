package io.reshard.job.copy;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Items whose codes were passed on while their splits were read: the target has some codes twice,
 * and the changes that tell of it are still parked.
 */
class IndexBuilderITCase {
  private static final String ALL = "SELECT i::text FROM item i ORDER BY id";
  private static final String NOTED = "SELECT key[1] FROM reshard.refetch ORDER BY 1";
  private static final int ITEMS = 40;

  private CopyShards shards;
  private OneInputStreamOperatorTestHarness<SplitCommitted, TableCopied> tracker;
  private String moved;

  @BeforeEach
  void copyWhileCodesArePassedOn() throws Exception {
    shards =
        new CopyShards(
            ServerOptions.fast(),
            CopyShards.table(
                List.of(new Column("id", "bigint", false), new Column("code", "text", false)),
                List.of(
                    new IndexDefinition(
                        "item_code", "CREATE UNIQUE INDEX item_code ON public.item (code)"))),
            "CREATE TABLE public.item (id bigint NOT NULL, code text)");
    moved =
        shards
            .migration()
            .plan()
            .newRouting(shards.migration().table(0), "i")
            .ownedBy(CopyShards.TARGET);
    run(
        "app_0",
        "CREATE TABLE item (id bigint PRIMARY KEY, code text)",
        "CREATE UNIQUE INDEX item_code ON item (code)",
        "INSERT INTO item SELECT i, CASE WHEN i % 3 > 0 THEN 'code ' || i END"
            + " FROM generate_series(1, "
            + ITEMS
            + ") i");
    List<String> ids =
        query("app_0", "SELECT id FROM item i WHERE code IS NOT NULL AND " + moved + " ORDER BY 1");
    String giver = ids.get(0);
    String taker = ids.get(1);
    copy("id <> " + taker);
    run(
        "app_0",
        "UPDATE item SET code = 'other' WHERE id = " + giver,
        "UPDATE item SET code = 'code %s' WHERE id = %s".formatted(giver, taker));
    copy("id = " + taker);
  }

  /** Copies moved items as they are now. */
  private void copy(String which) throws SQLException {
    List<String> rows =
        query(
            "app_0",
            "SELECT format('(%s, %L)', id, code) FROM item i WHERE " + moved + " AND " + which);
    run("app_1", "INSERT INTO item VALUES " + String.join(", ", rows));
  }

  @AfterEach
  void stop() throws Exception {
    if (tracker != null) {
      tracker.close();
    }
    shards.close();
  }

  /** What the gate hears of too early, it releases to writers that have no index to go by. */
  @Test
  void aTableIsAnnouncedOnceItsIndexesStandAndWhatMadeRoomIsBack() throws Exception {
    try (Connection application = shards.target();
        Statement lock = application.createStatement()) {
      application.setAutoCommit(false);
      lock.execute("LOCK TABLE item IN ROW EXCLUSIVE MODE");
      open();
      awaitLockIsWaitedFor();
      assertThat(tracker.getTaskMailbox().tryTake(0)).isEmpty();
      assertThat(tracker.extractOutputValues()).isEmpty();
    }
    tracker.getTaskMailbox().take(0).run();

    assertThat(tracker.extractOutputValues()).hasSize(1);
    assertThat(query("app_1", NOTED)).isEmpty();
    assertThat(query("app_1", ALL))
        .isEqualTo(query("app_0", "SELECT i::text FROM item i WHERE " + moved + " ORDER BY id"));
    assertThat(
            query(
                "app_1", "SELECT indexrelid::regclass FROM pg_index WHERE indisunique ORDER BY 1"))
        .contains("item_code", "item_pkey");
  }

  /** Who dies behind it must leave notes, or the rows are gone: no change is bound to follow. */
  @Test
  void roomIsMadeForAnIndexByNotedRowsAlone() throws Exception {
    List<String> before = query("app_1", ALL);
    run(
        "app_1",
        "CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
            + " IF EXISTS (SELECT FROM reshard.refetch) THEN RAISE 'no'; END IF; END $$",
        "CREATE EVENT TRIGGER stop ON ddl_command_start WHEN TAG IN ('CREATE INDEX')"
            + " EXECUTE FUNCTION stop()",
        // The tracker's sessions are of the role replica.
        "ALTER EVENT TRIGGER stop ENABLE ALWAYS");
    open();
    Awaitility.await().pollInSameThread().until(() -> tracker.getTaskMailbox().hasMail());

    List<String> noted = query("app_1", NOTED);
    assertThat(noted).hasSize(2);
    List<String> left =
        before.stream()
            .filter(row -> noted.stream().noneMatch(key -> row.startsWith("(" + key + ",")))
            .toList();
    assertThat(left).hasSize(before.size() - 2);
    assertThat(query("app_1", ALL)).isEqualTo(left);
  }

  private void open() throws Exception {
    tracker =
        new OneInputStreamOperatorTestHarness<>(
            new CopyTrackerFactory(shards.migration(), List.of()));
    tracker.open();
  }

  private void awaitLockIsWaitedFor() {
    Awaitility.await()
        .until(
            () ->
                !query(
                        "app_1",
                        "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'item'::regclass")
                    .isEmpty());
  }

  private void run(String database, String... statements) throws SQLException {
    try (Connection connection = shards.server().connection(database);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private List<String> query(String database, String sql) throws SQLException {
    try (Connection connection = shards.server().connection(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (row.next()) {
        rows.add(row.getString(1));
      }
      return rows;
    }
  }
}
