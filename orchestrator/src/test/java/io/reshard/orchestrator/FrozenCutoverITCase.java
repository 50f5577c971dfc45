package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.TopologyStore;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.phase.Rollback;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.WriterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Race 14 of docs/architecture.md: a cutover that is held between its switch and its release. */
@Tag("cluster")
class FrozenCutoverITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir private Path folder;

  @Test
  void releasesNothingOnceItHasBeenTakenBack() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, 2_000).to(3);
        LiveWriter writer =
            migration.system().write(WriterOptions.defaults().withWritesPerSecond(100))) {
      migration.drive(Phase.VERIFYING);
      CompletableFuture<Operation> frozen =
          CompletableFuture.supplyAsync(
              () ->
                  new OperationDriver(heldAtTheSwap(migration), new FencedCutover())
                      .drive(Optional.empty()));
      Awaitility.await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("switched")));

      new Rollback(migration.context(), new FencedCutover()).run();
      Files.createFile(folder.resolve("thaw"));
      Awaitility.await().atMost(PATIENCE).until(frozen::isDone);

      long written = writer.report().writes();
      Awaitility.await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                writer.checkHealthy();
                assertThat(writer.report().writes()).isGreaterThan(written + 200);
              });
      writer.stop();
      // Shard 0 owns all its keys again: nothing may refuse one.
      assertThat(
              migration.query(
                  "shard-0",
                  "SELECT tgname FROM pg_trigger WHERE tgname ~* '^reshard_(guard|fence)'"
                      + " AND tgenabled <> 'D'"))
          .isEmpty();
      TopologyStore topologies = new TopologyStore(migration.system().control());
      HistoryReport history = migration.system().check(writer.history(), topologies.active());
      assertThat(history.consistent()).as("%s", history).isTrue();
    }
  }

  /** The operator's swap runs between the two; this one ends when the test says so. */
  private OperationContext heldAtTheSwap(EmbeddedMigration migration) {
    OperationContext context = migration.context();
    return new OperationContext(
        context.plan(),
        context.secrets(),
        context.control(),
        context.options(),
        context.cluster(),
        Optional.of(swap()));
  }

  private Path swap() {
    String script =
        "#!/bin/sh\ntouch '%s'\nwhile [ ! -e '%s' ]; do sleep 0.05; done\n"
            .formatted(folder.resolve("switched"), folder.resolve("thaw"));
    try {
      Path file = folder.resolve("swap.sh");
      Files.writeString(file, script);
      return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
