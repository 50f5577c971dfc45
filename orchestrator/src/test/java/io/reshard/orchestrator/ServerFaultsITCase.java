package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.JobProgress;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.StopMode;
import io.reshard.testkit.WriterOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One migration under write load whose servers and checkpoint storage go away, one by one. */
@Tag("cluster")
class ServerFaultsITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @TempDir private Path folder;

  @Test
  @Tag("long")
  void nothingIsLostWhateverGoesAwayForAWhile() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, 5_000).to(4)) {
      LiveSystem system = migration.system();
      EmbeddedPostgresServer first = system.server("node-1");
      EmbeddedPostgresServer second = system.server("node-2");
      try (LiveWriter writer = system.write(WriterOptions.defaults().withWritesPerSecond(200))) {
        CompletableFuture<Operation> driving =
            CompletableFuture.supplyAsync(() -> migration.drive(Phase.REPLICATING));
        await(() -> !progress(migration).copiedRows().isEmpty());
        // Each server has a source and a target; the first has the control database as well.
        second.restart(StopMode.FAST);
        Replication.awaitCurrent(migration.context());
        driving.join();

        // What the job writes to the target there must not wait for the standby further below.
        migration.run("shard-3", "ALTER DATABASE app_3 SET synchronous_commit = local");
        second.restart(StopMode.IMMEDIATE);
        Replication.awaitCurrent(migration.context());

        JobID job = job(migration);
        first.stop(StopMode.FAST);
        await(() -> status(migration, job) != JobStatus.RUNNING);
        first.resume();
        Replication.awaitCurrent(migration.context());

        try (HiddenCommits hidden = HiddenCommits.begin(second, "app_1")) {
          hidden.awaitRead();
        }
        Replication.awaitCurrent(migration.context());

        loseCheckpointStorage(migration, job);
        second.restart(StopMode.IMMEDIATE);
        Replication.awaitCurrent(migration.context());

        assertThat(migration.drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
        writer.stop();
        HistoryReport history = system.check(writer.history(), migration.plan().target());
        assertThat(history.consistent()).as("%s", history).isTrue();
      }
    }
  }

  /** A file takes the place of the folder of checkpoints until one has failed. */
  private void loseCheckpointStorage(EmbeddedMigration migration, JobID job) throws Exception {
    Path checkpoints = folder.resolve("checkpoints");
    Path away = folder.resolve("away");
    CheckpointCounts counts = CheckpointCounts.of(migration.context().cluster().get(), job);
    long failed = counts.failed();
    Files.move(checkpoints, away);
    Files.createFile(checkpoints);
    await(() -> counts.failed() > failed);
    Files.delete(checkpoints);
    Files.move(away, checkpoints);
    long completed = counts.completed();
    await(() -> counts.completed() > completed);
  }

  private static JobProgress progress(EmbeddedMigration migration) {
    return new JobProgress(migration.context().control(), migration.plan().planId());
  }

  private static JobID job(EmbeddedMigration migration) {
    return JobID.fromHexString(
        new PostgresOperationStore(migration.context().control())
            .get(migration.plan().planId())
            .jobId());
  }

  private static JobStatus status(EmbeddedMigration migration, JobID job) {
    return migration.context().cluster().orElseThrow().status(job).orElseThrow();
  }

  private static void await(Callable<Boolean> condition) {
    Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(condition);
  }
}
