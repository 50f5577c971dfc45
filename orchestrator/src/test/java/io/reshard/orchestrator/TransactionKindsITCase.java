package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.JobProgress;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.plan.PlannedTable;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.ComparisonReport;
import io.reshard.testkit.ServerOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transactions that are committed in two phases, and one that is very large. */
@Tag("long")
@Tag("cluster")
class TransactionKindsITCase {
  private static final List<String> SOURCES = List.of("shard-0", "shard-1");
  private static final int LARGE = 1_000_000;

  @TempDir private Path folder;

  /**
   * One is prepared and committed before any row is read, one prepared before and committed after
   * the copy, and one is prepared and committed while changes flow.
   */
  @Test
  void whatIsCommittedInTwoPhasesArrives() throws Exception {
    ServerOptions options = ServerOptions.fast().maxPreparedTransactions(8);
    try (EmbeddedMigration migration =
        EmbeddedMigration.start(folder, LiveSystem.start(2, 3_000, options), 2).to(3)) {
      ThrottleStore throttles = new ThrottleStore(migration.context().control());
      throttles.set(migration.plan().planId(), new Throttle(null, null, "SELECT 1", 0.0));
      CompletableFuture<Operation> driving =
          CompletableFuture.supplyAsync(() -> migration.drive(Phase.REPLICATING));
      Awaitility.await()
          .atMost(Duration.ofMinutes(3))
          .until(() -> progress(migration).position().epoch().generation() > 0);
      prepare(migration, "before", 0);
      prepare(migration, "across", 1);
      commit(migration, "before");
      throttles.set(migration.plan().planId(), Throttle.NONE);
      driving.join();
      commit(migration, "across");
      prepare(migration, "after", 2);
      Replication.awaitCurrent(migration.context());
      commit(migration, "after");

      assertThat(migration.drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
      assertNothingIsLost(migration);
      for (String transaction : List.of("before", "across", "after")) {
        assertThat(
                migration.query(
                    "shard-2",
                    "SELECT DISTINCT action FROM audit WHERE action = '" + transaction + "'"))
            .hasSize(1);
      }
    }
  }

  /** Inserts, updates and deletes, apart from the rows of the others. */
  private static void prepare(EmbeddedMigration migration, String name, int remainder)
      throws Exception {
    for (String source : SOURCES) {
      migration.run(
          source,
          "BEGIN",
          "UPDATE orders t SET note = '%s' WHERE id %% 30 = %d AND %s"
              .formatted(name, remainder, owned(migration, "orders", source)),
          "DELETE FROM order_items t WHERE order_id %% 30 = %d AND line = 2 AND %s"
              .formatted(3 + remainder, owned(migration, "order_items", source)),
          "INSERT INTO audit (customer_id, action) SELECT customer_id, '%s' FROM customer t WHERE %s"
              .formatted(name, owned(migration, "customer", source)),
          "PREPARE TRANSACTION '%s %s'".formatted(name, source));
    }
  }

  /** Whether {@code t} is the source's own: one that is a target has rows of the other as well. */
  private static String owned(EmbeddedMigration migration, String table, String source) {
    return migration.plan().oldRouting(table(migration, table), "t").ownedBy(source);
  }

  private static PlannedTable table(EmbeddedMigration migration, String name) {
    return migration.plan().tables().stream()
        .filter(table -> table.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void commit(EmbeddedMigration migration, String name) throws Exception {
    for (String source : SOURCES) {
      migration.run(source, "COMMIT PREPARED '%s %s'".formatted(name, source));
    }
  }

  /** The frontier may not pass it before its last row is there: whoever drains goes by that. */
  @Test
  void aTransactionOfAMillionRowsArrivesBeforeTheFrontierPassesIt() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, 5_000).to(3)) {
      migration.drive(Phase.REPLICATING);
      String own = "FROM customer t WHERE " + owned(migration, "customer", "shard-1");
      long customers = Long.parseLong(migration.query("shard-1", "SELECT count(*) " + own).get(0));
      migration.run(
          "shard-1",
          "INSERT INTO audit (customer_id, action) SELECT customer_id, 'large' FROM"
              + " (SELECT customer_id %s) c, generate_series(1, %d)"
                  .formatted(own, LARGE / customers + 1));
      Replication.awaitCurrent(migration.context());
      String large = "SELECT count(*) FROM audit t WHERE action = 'large'";
      String newOwner =
          migration.plan().newRouting(table(migration, "audit"), "t").ownedBy("shard-2");
      List<String> moved = migration.query("shard-1", large + " AND " + newOwner);
      assertThat(Long.parseLong(moved.get(0))).isGreaterThan(LARGE / 2);
      assertThat(migration.query("shard-2", large)).isEqualTo(moved);

      assertThat(migration.drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
      assertNothingIsLost(migration);
    }
  }

  private static JobProgress progress(EmbeddedMigration migration) {
    return new JobProgress(migration.context().control(), migration.plan().planId());
  }

  /** Kept sources still hold what has moved away, as strays: the retention is not over. */
  private static void assertNothingIsLost(EmbeddedMigration migration) throws Exception {
    ComparisonReport report =
        migration.system().compare(migration.plan().source(), migration.plan().target());
    assertThat(report.missing() + report.extra() + report.different() + report.duplicates())
        .as("%s", report)
        .isZero();
  }
}
