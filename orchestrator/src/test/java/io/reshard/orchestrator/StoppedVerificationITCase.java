package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.control.VerificationRun;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The phase VERIFYING is interrupted in two ways, and goes on with the same run. */
@Tag("long")
@Tag("cluster")
class StoppedVerificationITCase {
  @TempDir private Path folder;

  @Test
  void goesOnWithTheRunThatWasInterrupted() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 1, 600).to(2)) {
      migration.drive(Phase.REPLICATING);
      ThrottleStore throttle = new ThrottleStore(migration.system().control());
      String id = migration.plan().planId();
      throttle.set(id, new Throttle(null, null, "SELECT 1", 0.0));
      VerificationRuns runs = new VerificationRuns(migration.system().control(), migration.plan());

      CompletableFuture<Operation> stopped = verifyUntilItPauses(migration);
      runs.requestStop(runs.newest().get(0).run());
      assertThatThrownBy(stopped::join)
          .hasCauseInstanceOf(ReshardingException.class)
          .satisfies(
              e ->
                  assertThat(((ReshardingException) e.getCause()).errorCode())
                      .isEqualTo(ErrorCode.VERIFICATION_STOPPED));
      Operation held = new PostgresOperationStore(migration.system().control()).get(id);
      assertThat(held.phase()).isEqualTo(Phase.VERIFYING);
      assertThat(held.held()).as("nobody goes on with it unasked").isTrue();

      Thread[] driver = new Thread[1];
      CompletableFuture<Operation> killed = verifyUntilItPauses(migration, driver);
      driver[0].interrupt();
      assertThatThrownBy(killed::join).hasCauseInstanceOf(ReshardingException.class);

      throttle.set(id, Throttle.NONE);
      assertThat(migration.drive(Phase.VERIFYING).phaseCompleted()).isTrue();
      assertThat(runs.newest()).extracting(VerificationRun::run).hasSize(1);
      OperationStatus status = new StatusReader(migration.system().control()).read(id);
      assertThat(status.steps()).allMatch(OperationStatus.StepStatus::verified);
      assertThat(status.rowsVerified()).isEqualTo(status.rowsCopied()).isPositive();
    }
  }

  private static CompletableFuture<Operation> verifyUntilItPauses(EmbeddedMigration migration) {
    return verifyUntilItPauses(migration, new Thread[1]);
  }

  /** A driver in a thread of its own, which is put into {@code driver}. */
  private static CompletableFuture<Operation> verifyUntilItPauses(
      EmbeddedMigration migration, Thread[] driver) {
    CompletableFuture<Operation> driven =
        CompletableFuture.supplyAsync(
            () -> {
              driver[0] = Thread.currentThread();
              return migration.drive(Phase.VERIFYING);
            },
            task -> new Thread(task, "driver").start());
    StatusReader statuses = new StatusReader(migration.system().control());
    await().atMost(Duration.ofSeconds(60)).until(() -> !pauses(statuses, migration).isEmpty());
    return driven;
  }

  private static List<?> pauses(StatusReader statuses, EmbeddedMigration migration) {
    OperationStatus status = statuses.read(migration.plan().planId());
    return status.phase() == Phase.VERIFYING ? status.copyPauses() : List.of();
  }
}
