package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.JobProgress;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.phase.HealthCheck;
import io.reshard.orchestrator.phase.HealthReport;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.StopMode;
import io.reshard.testkit.WriterOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The control database alone is away for a minute, under a driver that lives and under writers. */
@Tag("long")
@Tag("cluster")
class ControlOutageITCase {
  private static final Duration OUTAGE = Duration.ofSeconds(60);
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Throttle SLOW = new Throttle(50_000L, 1, null, null);

  /** No lag stays under it: the phase goes on until it is interrupted. */
  private static final ReshardingOptions ENDLESS =
      ReshardingOptions.builder().cdcLagThreshold(Duration.ofMillis(1)).build();

  @TempDir private Path folder;
  private final ExecutorService drivers = Executors.newSingleThreadExecutor();

  @Test
  void theOperationPausesInCopyAndReplicationAndGoesOn() throws Exception {
    LiveSystem system = LiveSystem.startWithControlApart(2, 5_000);
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, system, 2).to(3);
        LiveWriter writer = system.write(WriterOptions.defaults().withWritesPerSecond(100))) {
      OperationContext context = migration.context();
      String id = context.operationId();
      ThrottleStore throttles = new ThrottleStore(context.control());
      JobProgress progress = new JobProgress(context.control(), id);
      throttles.set(id, SLOW);
      Future<Operation> copying = drivers.submit(() -> migration.drive(Phase.COPYING));
      Awaitility.await().atMost(PATIENCE).until(() -> !progress.copiedRows().isEmpty());
      assertThat(progress.completedTables()).hasSizeLessThan(context.plan().tables().size());
      outage(system, writer, copying);
      throttles.set(id, Throttle.NONE);
      Awaitility.await().atMost(PATIENCE).until(copying::isDone);
      assertThat(copying.get().lastCompletedPhase()).isEqualTo(Phase.COPYING);

      Future<Operation> replicating =
          drivers.submit(
              () ->
                  new OperationDriver(with(ENDLESS, context), new FencedCutover())
                      .drive(Optional.of(Phase.REPLICATING)));
      OperationStore store = new PostgresOperationStore(context.control());
      Awaitility.await().atMost(PATIENCE).until(() -> store.get(id).phase() == Phase.REPLICATING);
      Replication.awaitCurrent(context);
      outage(system, writer, replicating);
      Replication.awaitCurrent(context);
      // What was noted while the job was being restarted is forgotten, and by the same driver.
      Awaitility.await().atMost(PATIENCE).until(() -> store.get(id).error() == null);
      assertThat(replicating).isNotDone();
      drivers.shutdownNow();
      Awaitility.await().atMost(PATIENCE).until(replicating::isDone);

      assertThat(migration.drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
      writer.stop();
      HistoryReport history = system.check(writer.history(), migration.plan().target());
      assertThat(history.consistent()).as("%s", history).isTrue();
    } finally {
      drivers.shutdownNow();
    }
  }

  /** Writers go on, the driver stays, and whoever asks is told what is away. */
  private static void outage(LiveSystem system, LiveWriter writer, Future<Operation> driving) {
    String id = new PostgresOperationStore(system.control()).ids().get(0);
    long before = writer.report().writes();
    system.controlServer().stop(StopMode.FAST);
    try {
      assertThatThrownBy(() -> new StatusReader(system.control()).read(id))
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.STATE_STORE_FAILED))
          .hasMessageContaining("control database");
      HealthReport health =
          new HealthCheck(
                  () -> new PostgresOperationStore(system.control()),
                  Duration.ofHours(2),
                  Duration.ofSeconds(30))
              .check();
      assertThat(health.description()).startsWith("Failed to query resharding state");
      Awaitility.await()
          .during(OUTAGE)
          .atMost(OUTAGE.plusSeconds(10))
          .until(() -> !driving.isDone());
      assertThat(writer.report().writes()).isGreaterThan(before + OUTAGE.toSeconds());
    } finally {
      system.controlServer().resume();
    }
  }

  private static OperationContext with(ReshardingOptions options, OperationContext context) {
    return new OperationContext(
        context.plan(),
        context.secrets(),
        context.control(),
        options,
        context.cluster(),
        context.onSwitch());
  }
}
