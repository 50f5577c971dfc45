package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.reshard.core.error.ErrorCode;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.WriterOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A migration whose new shard has no room for its rows, and then none for their changes. */
@Tag("cluster")
class DiskFullITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir private Path folder;

  @Test
  @Tag("long")
  void waitsForRoomOnATargetAndLosesNothing() throws Exception {
    assumeTrue(SmallDisk.possible(), "this process may not mount a disk");
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, 5_000).to(3);
        SmallDisk disk = SmallDisk.with(migration.system().server("node-1"), "app_2");
        LiveWriter writer =
            migration.system().write(WriterOptions.defaults().withWritesPerSecond(200))) {
      migration.drive(Phase.PLANNING);
      disk.fill();
      CompletableFuture<Operation> copying =
          CompletableFuture.supplyAsync(() -> migration.drive(Phase.COPYING));
      awaitDiskFull(migration);
      disk.makeRoom();
      copying.join();

      disk.fill();
      CompletableFuture<Operation> switching =
          CompletableFuture.supplyAsync(() -> migration.drive(Phase.REPLICATING));
      migration.run("shard-1", "UPDATE orders SET status = status");
      awaitDiskFull(migration);
      disk.makeRoom();
      switching.join();

      assertThat(migration.drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
      writer.stop();
      HistoryReport history = migration.system().check(writer.history(), migration.plan().target());
      assertThat(history.consistent()).as("%s", history).isTrue();
    }
  }

  /** Waits until the operation says what is the matter, and where. */
  private static void awaitDiskFull(EmbeddedMigration migration) {
    OperationStore store = new PostgresOperationStore(migration.context().control());
    String id = migration.context().operationId();
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () -> {
              OperationError error = store.get(id).error();
              assertThat(error).isNotNull();
              assertThat(error.code()).isEqualTo(ErrorCode.DISK_FULL.code());
              assertThat(error.message()).contains("shard-2", "No space left on device");
            });
  }
}
