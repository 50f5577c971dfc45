package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.CleanUp;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.Rollback;
import io.reshard.orchestrator.phase.RollbackReport;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.WriterOptions;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Back to the old topology after the switch, while the application goes on writing. */
@Tag("cluster")
class WayBackITCase {
  private static final long ORDERS = 5_000;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Rows also change their shard key: the new owner may be on another target than the old one. */
  private static final WriterOptions LOAD =
      WriterOptions.defaults().withWritesPerSecond(200).withChangeShardKeys(true);

  @TempDir Path folder;

  /**
   * Shards 0 and 1 lose keys; shard 1 gets some as well, so it is source and target both ways. It
   * has an older major version.
   */
  @Test
  void goesBackAndForthAndBackAgainUnderLoad() throws SQLException {
    try (EmbeddedMigration migration = EmbeddedMigration.startOnTwoVersions(folder, 2, ORDERS);
        LiveWriter writer = migration.system().write(LOAD)) {
      for (int round = 1; round <= 2; round++) {
        migration.to(3).drive(null);
        writeOn(migration, writer);
        RollbackReport report = rollBack(migration);
        assertThat(report.topologyVersion()).isEqualTo(1 + 2L * round);
        assertThat(report.removed()).anyMatch(one -> one.contains("database app_2"));
      }
      assertNothingIsLost(migration, writer);
      assertNothingIsLeft(migration);
    }
  }

  /** Shard 1 is retired and fenced, and takes writes again. Then forward once more, for good. */
  @Tag("long")
  @Test
  void takesAMergeBackAndMergesAgain() throws SQLException {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, ORDERS);
        LiveWriter writer = migration.system().write(LOAD)) {
      migration.to(1).drive(null);
      writeOn(migration, writer);
      rollBack(migration);

      migration.to(1).drive(null);
      writeOn(migration, writer);
      CleanUp cleanUp = new CleanUp(migration.context(), new FencedCutover());
      assertThat(cleanUp.run().phase()).isEqualTo(Phase.COMPLETED);
      assertThatThrownBy(() -> rollBack(migration))
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.ROLLBACK_NOT_AVAILABLE));
      assertThat(migration.query("shard-1", "SELECT count(*) FROM orders")).containsExactly("0");
      assertNothingIsLost(migration, writer);
      assertNothingIsLeft(migration);
    }
  }

  private static RollbackReport rollBack(EmbeddedMigration migration) {
    return new Rollback(migration.context(), new FencedCutover()).run();
  }

  /** Until the reverse job has come through what was written after the switch. */
  private static void writeOn(EmbeddedMigration migration, LiveWriter writer) {
    long writes = writer.report().writes();
    StatusReader statuses = new StatusReader(migration.system().control());
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              writer.checkHealthy();
              assertThat(writer.report().writes()).isGreaterThan(writes + 300);
              OperationStatus status = statuses.read(migration.plan().planId());
              assertThat(status.phase()).isEqualTo(Phase.CLEANING_UP);
              assertThat(status.jobId()).isNotNull();
              assertThat(status.lagMillis()).isNotNull().isLessThan(5_000);
            });
  }

  private static void assertNothingIsLost(EmbeddedMigration migration, LiveWriter writer)
      throws SQLException {
    writer.stop();
    Topology active = new TopologyStore(migration.system().control()).active();
    HistoryReport history = migration.system().check(writer.history(), active);
    assertThat(history.consistent()).as("%s", history).isTrue();
  }

  private static void assertNothingIsLeft(EmbeddedMigration migration) throws SQLException {
    Plan plan = migration.plan();
    OperationStore store = new PostgresOperationStore(migration.system().control());
    assertThat(store.get(plan.planId()).error()).isNull();
    for (String shard : List.of("shard-0", "shard-1")) {
      assertThat(migration.query(shard, "SELECT slot_name FROM pg_replication_slots")).isEmpty();
      assertThat(migration.query(shard, "SELECT pubname FROM pg_publication")).isEmpty();
      assertThat(
              migration.query(
                  shard,
                  "SELECT tgname || ' on ' || tgrelid::regclass || ', ' || tgenabled::text FROM"
                      + " pg_trigger WHERE tgname LIKE 'reshard%truncate' LIMIT 1"))
          .isEmpty();
    }
  }
}
