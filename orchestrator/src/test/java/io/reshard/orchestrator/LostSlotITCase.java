package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.CaptureRegistry;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.savepoint.SavepointReport;
import io.reshard.orchestrator.savepoint.Savepoints;
import io.reshard.orchestrator.savepoint.SlotVerdict;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apache.flink.api.common.JobID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes that a slot does not send again are never passed over in silence. */
@Tag("long")
@Tag("cluster")
class LostSlotITCase {
  @TempDir private Path folder;

  @Test
  void aCheckpointOlderThanItsSlotALostSlotAndOneMadeAnewAreRefusedForGood() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, 1_000).to(3)) {
      migration.drive(Phase.REPLICATING);
      OperationContext context = migration.context();
      String slot =
          new CaptureRegistry(context.control(), context.operationId()).captures().get(1).slot();
      JobID job =
          JobID.fromHexString(
              new PostgresOperationStore(context.control()).get(context.operationId()).jobId());
      FlinkCluster cluster = context.cluster().orElseThrow();
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(
              () ->
                  cluster
                      .latestCheckpoint(context.operationId(), job, Optional.empty())
                      .isPresent());
      cluster.cancel(job);
      String checkpoint =
          cluster.latestCheckpoint(context.operationId(), job, Optional.empty()).orElseThrow();
      migration.run("shard-1", "UPDATE customer SET name = 'changed'");
      String position = ", pg_current_wal_lsn())";
      migration.run("shard-1", "SELECT pg_replication_slot_advance('" + slot + "'" + position);

      SavepointReport report =
          new Savepoints(context.control(), plan -> context.secrets())
              .inspect(checkpoint, id -> migration.plan());
      assertThat(report.resumable()).isFalse();
      assertThat(report.sources())
          .extracting(SavepointReport.SourceReport::slotServes)
          .containsExactly(SlotVerdict.SERVES, SlotVerdict.AHEAD);
      assertFails(migration, ErrorCode.CHANGES_MISSING, slot, "further than the restored state");

      migration.run("shard-1", "SELECT pg_drop_replication_slot('" + slot + "')");
      assertFails(migration, ErrorCode.SLOT_MISSING, slot, "shard-1");

      migration.run(
          "shard-1", "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
      assertFails(migration, ErrorCode.CHANGES_MISSING, slot, "further than the restored state");
    }
  }

  private static void assertFails(EmbeddedMigration migration, ErrorCode code, String... parts) {
    assertThatThrownBy(() -> migration.drive(null))
        .isInstanceOfSatisfying(
            ReshardingException.class, e -> assertThat(e.errorCode()).isEqualTo(code))
        .message()
        .contains(parts);
  }
}
