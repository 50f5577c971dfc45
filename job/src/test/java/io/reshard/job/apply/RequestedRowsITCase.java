package io.reshard.job.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.reshard.core.TestServer;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.postgres.Secrets;
import io.reshard.job.Migration;
import io.reshard.job.target.TargetSessions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Somebody asks for many rows: they are fetched in few reads, and watermarks pass in between. */
class RequestedRowsITCase {
  private static final int ITEMS = 1_500;
  private static final String NOTES = "SELECT count(*)::text FROM reshard.refetch";

  private final List<Integer> reads = new ArrayList<>();
  private ItemShards shards;
  private TargetSessions sessions;
  private TargetWriter writer;
  private RequestedRows requested;

  @BeforeEach
  void spoilAndAskForAllRows() throws Exception {
    shards = new ItemShards();
    shards.reset(ITEMS);
    sessions = shards.newAttempt();
    Migration migration = withControl();
    writer = new TargetWriter(migration, sessions, counted(new FreshRows(migration, "refetch")));
    // Each call may fetch no longer than one batch takes.
    requested = new RequestedRows(migration, writer, 0, 1, 0);
    shards.run(
        ItemShards.TARGET,
        "UPDATE item SET version = 7 WHERE id % 3 = 0",
        "DELETE FROM item WHERE id % 3 = 1",
        "INSERT INTO reshard.refetch (operation_id, table_number, source, key)"
            + " SELECT 'items', 0, id %% 2, ARRAY[id::text] FROM generate_series(2, %d) AS id"
                .formatted(2 * ITEMS + 1));
  }

  private Migration withControl() throws SQLException {
    Secrets.Control control =
        new Secrets.Control(
            TestServer.nodeUrl() + TestServer.createDatabase(), "postgres", "postgres");
    ControlDatabase database = new ControlDatabase(control.endpoint());
    database.migrate();
    database.call(
        "complete the table",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle.execute(
                        "INSERT INTO job_progress (operation_id, kind, subject, generation,"
                            + " attempt, value) VALUES ('items', 'table', 'public.item', 0, 0,"
                            + " 1)")));
    Secrets secrets = new Secrets(TestServer.secrets("node-1").nodes(), control);
    return new Migration(shards.migration().plan(), secrets, 2);
  }

  private RowSource counted(RowSource rows) {
    return new RowSource() {
      @Override
      public ChangeBlock read(int table, int source, int target, Collection<List<String>> keys) {
        reads.add(keys.size());
        return rows.read(table, source, target, keys);
      }

      @Override
      public void close() throws SQLException {
        rows.close();
      }
    };
  }

  @AfterEach
  void stop() throws Exception {
    sessions.close();
    writer.close();
  }

  @Test
  void eachTurnFetchesSomeHundredRowsInOneReadUntilNoneIsLeft() throws Exception {
    requested.settleLeftovers();

    assertThat(reads).hasSize(6).containsOnly(500);
    assertTheTargetIsWhatTheSourcesAre();
  }

  @Test
  void aTurnEndsAndTheNextOneGoesOnAtOnce() throws Exception {
    await()
        .pollInSameThread()
        .untilAsserted(
            () -> {
              requested.settle();
              assertThat(reads).isNotEmpty();
            });
    assertThat(shards.query(ItemShards.TARGET, NOTES)).containsExactly("2500");

    for (int turn = 2; turn <= 6; turn++) {
      requested.settle();
      assertThat(reads).hasSize(turn);
    }
    assertTheTargetIsWhatTheSourcesAre();
  }

  /** As a lane would that is about to write one of the rows: the others do not wait for it. */
  @Test
  void rowsOfABatchThatMeetsAnotherWriterAreFetchedOneByOne() throws Exception {
    requested.settleLeftovers();
    shards.run(
        ItemShards.TARGET,
        "UPDATE item SET version = 7 WHERE id IN (2, 4, 6, 8)",
        "INSERT INTO reshard.refetch (operation_id, table_number, source, key)"
            + " SELECT 'items', 0, 0, ARRAY[id::text] FROM unnest(ARRAY[2, 4, 6, 8]) AS id");
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try (Connection lane = shards.connect(ItemShards.TARGET);
        Statement statement = lane.createStatement()) {
      lane.setAutoCommit(false);
      statement.execute("DELETE FROM reshard.refetch WHERE key = '{8}'");
      Future<?> settling =
          thread.submit(
              () -> {
                requested.settleLeftovers();
                return null;
              });
      await().until(() -> shards.query(ItemShards.TARGET, NOTES).equals(List.of("1")));
      lane.rollback();
      settling.get(60, TimeUnit.SECONDS);
    } finally {
      thread.shutdownNow();
    }
    assertThat(writer.retries()).isPositive();
    assertTheTargetIsWhatTheSourcesAre();
  }

  private void assertTheTargetIsWhatTheSourcesAre() throws SQLException {
    assertThat(shards.actual()).isEqualTo(shards.expected());
    assertThat(shards.query(ItemShards.TARGET, NOTES)).containsExactly("0");
    assertThat(writer.mismatches()).isZero();
  }
}
