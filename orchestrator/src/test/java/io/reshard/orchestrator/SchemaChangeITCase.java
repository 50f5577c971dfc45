package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DDL that nobody could refuse ends the job for good, and can be undone. */
@Tag("cluster")
class SchemaChangeITCase {
  @TempDir private Path folder;

  @Test
  void theJobEndsForGoodAndGoesOnOnceTheChangeIsUndone() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, 1_000).to(3)) {
      migration.drive(Phase.REPLICATING);
      // Like a role that may not create event triggers.
      for (String trigger :
          migration.query("shard-0", "SELECT quote_ident(evtname) FROM pg_event_trigger")) {
        migration.run("shard-0", "DROP EVENT TRIGGER " + trigger);
      }
      migration.run("shard-0", "ALTER TABLE orders ADD COLUMN extra timestamptz DEFAULT now()");
      awaitFailure(migration);

      assertThatThrownBy(() -> migration.drive(null))
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.SCHEMA_CHANGED))
          .hasMessageContaining("shard-0")
          .hasMessageContaining("\"public\".\"orders\"")
          .hasMessageContaining("column extra");
      migration.run("shard-0", "ALTER TABLE orders DROP COLUMN extra");
      assertThat(migration.drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
    }
  }

  private static void awaitFailure(EmbeddedMigration migration) {
    String job =
        new PostgresOperationStore(migration.context().control())
            .get(migration.context().operationId())
            .jobId();
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                migration.context().cluster().orElseThrow().status(JobID.fromHexString(job)).get()
                    == JobStatus.FAILED);
  }
}
