package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.demo.ClusterProcesses;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.RestFlinkCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.StopMode;
import io.reshard.testkit.WriterOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random faults, one every 20 s, for as many minutes as {@code -Dreshard.soak.minutes} says, under
 * write load on a cluster of processes; then the switch, and the writers' own history. {@code
 * -Dreshard.soak.seed=N} repeats the choices of a run.
 */
@EnabledIfSystemProperty(named = "reshard.soak.minutes", matches = "\\d+")
@Timeout(value = 60, unit = TimeUnit.MINUTES)
@Tag("cluster")
class SoakITCase {
  private static final Duration BETWEEN_FAULTS = Duration.ofSeconds(20);
  private static final long SEED = Long.getLong("reshard.soak.seed", System.nanoTime());

  private enum Fault {
    KILL_TASKMANAGER,
    FREEZE_TASKMANAGER,
    RESTART_FIRST_SERVER,
    CRASH_FIRST_SERVER,
    RESTART_SECOND_SERVER,
    CRASH_SECOND_SERVER,
    HIDE_COMMITS
  }

  @TempDir private Path folder;

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final Map<Fault, Integer> struck = new EnumMap<>(Fault.class);
  private LiveSystem system;
  private ClusterProcesses processes;

  @Test
  void nothingIsLostWhateverFails() throws Exception {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(Long.getLong("reshard.soak.minutes"));
    try (ClusterProcesses cluster = ClusterProcesses.start(folder.resolve("cluster"));
        LiveSystem started = LiveSystem.start(2, 30_000);
        RestFlinkCluster flink = new RestFlinkCluster(cluster.address(), Optional.empty(), 2);
        LiveWriter writer = started.write(WriterOptions.defaults().withWritesPerSecond(200))) {
      processes = cluster;
      system = started;
      Plan plan = system.plan(4);
      OperationContext context = Operations.begin(system, plan, flink);
      CompletableFuture<?> driving =
          CompletableFuture.runAsync(
              () ->
                  new OperationDriver(context, new FencedCutover())
                      .drive(Optional.of(Phase.REPLICATING)));
      while (System.nanoTime() < end) {
        LockSupport.parkNanos(BETWEEN_FAULTS.toNanos());
        strike();
      }
      driving.join();
      Replication.awaitCurrent(context);
      assertThat(new OperationDriver(context, new FencedCutover()).drive(Optional.empty()).phase())
          .isEqualTo(Phase.CLEANING_UP);
      writer.stop();
      HistoryReport history = system.check(writer.history(), plan.target());
      System.out.printf("seed %d, faults %s: %s%n", SEED, struck, history);
      assertThat(history.consistent()).as("seed %s, %s: %s", SEED, struck, history).isTrue();
    }
  }

  private void strike() throws Exception {
    Fault fault = Fault.values()[random.nextInt(Fault.values().length)];
    struck.merge(fault, 1, Integer::sum);
    switch (fault) {
      case KILL_TASKMANAGER -> {
        ClusterProcesses.kill(anyTaskManager());
        processes.startMissing();
      }
      case FREEZE_TASKMANAGER -> {
        long pid = anyTaskManager();
        ClusterProcesses.freeze(pid);
        LockSupport.parkNanos(BETWEEN_FAULTS.toNanos());
        ClusterProcesses.thaw(pid);
      }
      case RESTART_FIRST_SERVER -> system.server("node-1").restart(StopMode.FAST);
      case CRASH_FIRST_SERVER -> system.server("node-1").restart(StopMode.IMMEDIATE);
      case RESTART_SECOND_SERVER -> system.server("node-2").restart(StopMode.FAST);
      case CRASH_SECOND_SERVER -> system.server("node-2").restart(StopMode.IMMEDIATE);
      case HIDE_COMMITS -> {
        try (HiddenCommits hidden = HiddenCommits.begin(system.server("node-2"), "app_1")) {
          hidden.awaitHidden();
        }
      }
    }
  }

  private long anyTaskManager() throws Exception {
    List<Long> alive = processes.taskManagers();
    return alive.get(random.nextInt(alive.size()));
  }
}
