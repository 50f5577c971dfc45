package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.CaptureRegistry;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.savepoint.SavepointContent.TableContent;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.savepoint.SavepointReport;
import io.reshard.orchestrator.savepoint.SavepointReport.SourceReport;
import io.reshard.orchestrator.savepoint.Savepoints;
import io.reshard.orchestrator.savepoint.SlotVerdict;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.ComparisonReport;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.JobID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A copy that is held back, and what a savepoint of it says, with the truth from the databases. */
@Tag("long")
@Tag("cluster")
class SavepointInspectionITCase {
  private static final long ORDERS = 3_000;

  @TempDir private Path folder;

  @Test
  void aPausedCopyParksKeysThatItsSavepointTellsOfAndGoesOnThrottled() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, ORDERS).to(3)) {
      ThrottleStore throttles = new ThrottleStore(migration.context().control());
      String id = migration.plan().planId();
      throttles.set(id, new Throttle(null, null, "SELECT 1", 0.0));
      CompletableFuture<Operation> driving =
          CompletableFuture.supplyAsync(() -> migration.drive(Phase.REPLICATING));
      StatusReader statuses = new StatusReader(migration.context().control());
      await(() -> statuses.read(id).copyPauses().size() == 2);

      Map<String, Long> beatBefore =
          Map.of("shard-0", beat(migration, "shard-0"), "shard-1", beat(migration, "shard-1"));
      changeKeys(migration, "shard-0", "customer", "customer_id", 37);
      changeKeys(migration, "shard-1", "customer", "customer_id", 5);
      changeKeys(migration, "shard-1", "orders", "id", 11);
      awaitCaptured(migration, "shard-0");
      awaitCaptured(migration, "shard-1");
      JobID job =
          JobID.fromHexString(
              new PostgresOperationStore(migration.context().control()).get(id).jobId());
      String savepoint =
          migration
              .context()
              .cluster()
              .orElseThrow()
              .stopWithSavepoint(job, folder.resolve("savepoints").toUri().toString());
      SavepointReport report = inspect(migration, savepoint);
      assertHolds(migration, report, beatBefore);
      assertThat(report.sources())
          .allSatisfy(source -> assertThat(source.position()).isEqualTo(source.slotPosition()));
      assertThat(driving).failsWithin(Duration.ofSeconds(30));

      long rate = movedBytes(migration, "shard-0", "customer", "orders", "order_items") / 6;
      throttles.set(id, new Throttle(rate, 1, null, null));
      migration.drive(Phase.REPLICATING);
      assertThat(copySeconds(migration, "shard-0")).isBetween(2.0, 30.0);
      ComparisonReport copied =
          migration.system().compare(migration.plan().source(), migration.plan().target());
      assertThat(copied.missing() + copied.different()).as("%s", copied).isZero();
    }
  }

  private static SavepointReport inspect(EmbeddedMigration migration, String path) {
    return new Savepoints(migration.context().control(), plan -> migration.context().secrets())
        .inspect(path, id -> new PostgresOperationStore(migration.context().control()).plan(id));
  }

  private static void assertHolds(
      EmbeddedMigration migration, SavepointReport report, Map<String, Long> beatBefore)
      throws SQLException {
    assertThat(report.operationId()).isEqualTo(migration.plan().planId());
    assertThat(report.resumable()).isTrue();
    assertThat(report.tables())
        .containsExactly(
            new TableContent("public.customer", 2, 0, 42),
            new TableContent("public.orders", 2, 0, 11),
            new TableContent("public.order_items", 2, 0, 0),
            new TableContent("public.audit", 2, 0, 0));
    assertThat(report.sources())
        .extracting(SourceReport::source)
        .containsExactlyElementsOf(migration.plan().sources());
    for (SourceReport source : report.sources()) {
      assertThat(source.slotServes()).isEqualTo(SlotVerdict.SERVES);
      assertThat(source.heartbeatNumber())
          .isBetween(beatBefore.get(source.source()), beat(migration, source.source()));
    }
  }

  private static long beat(EmbeddedMigration migration, String shard) throws SQLException {
    return Long.parseLong(migration.query(shard, "SELECT number FROM reshard.heartbeat").get(0));
  }

  /** Changes each of so many keys twice: one entry is due for each. */
  private static void changeKeys(
      EmbeddedMigration migration, String shard, String table, String key, int keys)
      throws SQLException {
    String update =
        "UPDATE %1$s SET %2$s = %2$s WHERE %2$s IN (SELECT %2$s FROM %1$s ORDER BY 1 LIMIT %3$d)"
            .formatted(table, key, keys);
    migration.run(shard, update, update);
  }

  /** The slot moves on when a checkpoint has completed that holds what it delivered. */
  private static void awaitCaptured(EmbeddedMigration migration, String shard) throws SQLException {
    String written = migration.query(shard, "SELECT pg_current_wal_lsn()").get(0);
    String slot =
        new CaptureRegistry(migration.context().control(), migration.plan().planId())
            .captures().stream()
                .filter(capture -> capture.source().equals(shard))
                .findFirst()
                .orElseThrow()
                .slot();
    String captured =
        "SELECT confirmed_flush_lsn >= '%s' FROM pg_replication_slots WHERE slot_name = '%s'"
            .formatted(written, slot);
    await(() -> migration.query(shard, captured).get(0).equals("t"));
  }

  private static long movedBytes(EmbeddedMigration migration, String shard, String... tables)
      throws SQLException {
    long bytes = 0;
    for (String table : tables) {
      String size = "SELECT sum(pg_column_size(t)) / 3 FROM %s t".formatted(table);
      bytes += Long.parseLong(migration.query(shard, size).get(0));
    }
    return bytes;
  }

  /** From the first split of a source to its last. */
  private static double copySeconds(EmbeddedMigration migration, String source) {
    String splits =
        "SELECT extract(epoch FROM max(updated_at) - min(updated_at)) FROM job_progress"
            + " WHERE kind = 'copied' AND split_part(subject, ':', 1)::int = ANY (?)";
    Integer[] ids =
        migration.plan().splits().stream()
            .filter(split -> split.source().equals(source))
            .map(split -> split.id())
            .toArray(Integer[]::new);
    return migration
        .context()
        .control()
        .call(
            "measure the copy",
            jdbi ->
                jdbi.withHandle(
                    handle -> handle.createQuery(splits).bind(0, ids).mapTo(Double.class).one()));
  }

  private static void await(Callable<Boolean> condition) {
    Awaitility.await().atMost(Duration.ofMinutes(1)).until(condition);
  }
}
