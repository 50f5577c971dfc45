package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.JobProgress;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.demo.ClusterProcesses;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.RestFlinkCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.planner.Planner;
import io.reshard.planner.PlannerOptions;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.StopMode;
import io.reshard.testkit.WriterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Faults of every kind in random order, one every 20 s, for as many minutes as {@code
 * -Dreshard.soak.minutes} says: one half of them under a copy that is held back to last as long,
 * the other under replication, with writers and a driver that lives. A TaskManager is killed
 * besides whenever parked keys are being released. Then the switch, and the writers' own history.
 * {@code -Dreshard.soak.seed=N} repeats the choices of a run.
 */
@EnabledIfSystemProperty(named = "reshard.soak.minutes", matches = "\\d+")
@Timeout(value = 60, unit = TimeUnit.MINUTES)
@Tag("cluster")
class SoakITCase {
  private static final Duration BETWEEN_FAULTS = Duration.ofSeconds(20);
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final long SEED = Long.getLong("reshard.soak.seed", System.nanoTime());
  private static final long ORDERS = 30_000;

  /** A split that takes longer might never be read between two faults. */
  private static final long SPLIT_SECONDS = 4;

  /** No lag stays under it: the driver stays in REPLICATING, and submits lost jobs again. */
  private static final ReshardingOptions ENDLESS =
      ReshardingOptions.builder()
          .cdcLagThreshold(Duration.ofMillis(1))
          .replicationTimeout(Duration.ofHours(24))
          .build();

  private enum Fault {
    KILL_TASKMANAGER,
    FREEZE_TASKMANAGER,
    KILL_JOBMANAGER,
    RESTART_FIRST_SERVER,
    CRASH_FIRST_SERVER,
    RESTART_SECOND_SERVER,
    CRASH_SECOND_SERVER,
    STOP_CONTROL_DATABASE,
    LOSE_CHECKPOINT_STORAGE,
    HIDE_COMMITS,
    /** Not by turns: whenever a table's copy is complete. */
    KILL_TASKMANAGER_WHILE_KEYS_ARE_RELEASED
  }

  @TempDir private Path folder;

  private final Random random = new Random(SEED);
  private final Deque<Fault> turns = new ArrayDeque<>();
  private final Map<Fault, Integer> underCopy = new EnumMap<>(Fault.class);
  private final Map<Fault, Integer> underReplication = new EnumMap<>(Fault.class);
  private final ExecutorService drivers = Executors.newSingleThreadExecutor();
  private LiveSystem system;
  private ClusterProcesses processes;
  private int tables;
  private int tablesCopied;

  @Test
  void nothingIsLostWhateverFails() throws Exception {
    long half = TimeUnit.MINUTES.toSeconds(Long.getLong("reshard.soak.minutes")) / 2;
    String checkpoints = folder.resolve("checkpoints").toUri().toString();
    try (ClusterProcesses cluster = ClusterProcesses.start(folder.resolve("cluster"));
        LiveSystem started = LiveSystem.startWithControlApart(2, ORDERS);
        RestFlinkCluster flink =
            new RestFlinkCluster(cluster.address(), Optional.of(checkpoints), 2);
        LiveWriter writer = started.write(WriterOptions.defaults().withWritesPerSecond(200))) {
      processes = cluster;
      system = started;
      Plan plan = planInSmallSplits(half);
      tables = plan.tables().size();
      OperationContext context = Operations.begin(system, plan, flink);
      ThrottleStore throttles = new ThrottleStore(context.control());
      long bytesPerSecond = plan.totalBytes() / plan.sources().size() / half;
      throttles.set(context.operationId(), new Throttle(bytesPerSecond, 1, null, null));
      Future<Operation> driving =
          drivers.submit(
              () ->
                  new OperationDriver(endless(context), new FencedCutover())
                      .drive(Optional.of(Phase.REPLICATING)));
      strike(context, driving, half);
      throttles.set(context.operationId(), Throttle.NONE);
      strike(context, driving, half);
      Replication.awaitCurrent(context);
      assertThat(driving).isNotDone();
      drivers.shutdownNow();
      Awaitility.await().atMost(PATIENCE).until(driving::isDone);

      assertThat(new OperationDriver(context, new FencedCutover()).drive(Optional.empty()).phase())
          .isEqualTo(Phase.CLEANING_UP);
      writer.stop();
      HistoryReport history = system.check(writer.history(), plan.target());
      System.out.printf("seed %d%n%s%s%n", SEED, struck(), history);
      assertThat(history.consistent()).as("seed %s%n%s%s", SEED, struck(), history).isTrue();
    } finally {
      drivers.shutdownNow();
    }
  }

  private Plan planInSmallSplits(long half) {
    TopologyStore store = new TopologyStore(system.control());
    Plan usual = system.plan(4);
    long rowsPerSource = usual.totalRows() / usual.sources().size();
    int batch = (int) Math.max(50, rowsPerSource * SPLIT_SECONDS / half);
    return new Planner(system.secrets(), PlannerOptions.defaults().withCopyBatchSize(batch))
        .plan(store.active(), usual.target());
  }

  private static OperationContext endless(OperationContext context) {
    return new OperationContext(
        context.plan(),
        context.secrets(),
        context.control(),
        ENDLESS,
        context.cluster(),
        context.onSwitch());
  }

  /** For so many seconds. */
  private void strike(OperationContext context, Future<Operation> driving, long seconds)
      throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() - end < 0) {
      long next = System.nanoTime() + BETWEEN_FAULTS.toNanos();
      long victim = anyTaskManager();
      while (System.nanoTime() - next < 0) {
        if (anotherTableIsCopied(context)) {
          note(Fault.KILL_TASKMANAGER_WHILE_KEYS_ARE_RELEASED);
          ClusterProcesses.kill(victim);
          processes.startMissing();
          victim = anyTaskManager();
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
      assertThat(driving).as("seed %s%n%s", SEED, struck()).isNotDone();
      strike();
    }
  }

  /** Its parked keys are being released just now. */
  private boolean anotherTableIsCopied(OperationContext context) {
    if (tablesCopied == tables) {
      return false;
    }
    int before = tablesCopied;
    tablesCopied =
        new JobProgress(context.control(), context.operationId()).completedTables().size();
    return tablesCopied > before;
  }

  private void strike() throws Exception {
    Fault fault = nextFault();
    note(fault);
    switch (fault) {
      case KILL_TASKMANAGER, KILL_TASKMANAGER_WHILE_KEYS_ARE_RELEASED -> {
        ClusterProcesses.kill(anyTaskManager());
        processes.startMissing();
      }
      case FREEZE_TASKMANAGER -> {
        long pid = anyTaskManager();
        ClusterProcesses.freeze(pid);
        LockSupport.parkNanos(BETWEEN_FAULTS.toNanos());
        ClusterProcesses.thaw(pid);
      }
      case KILL_JOBMANAGER -> {
        ClusterProcesses.kill(processes.jobManager());
        processes.startMissing();
      }
      case RESTART_FIRST_SERVER -> system.server("node-1").restart(StopMode.FAST);
      case CRASH_FIRST_SERVER -> system.server("node-1").restart(StopMode.IMMEDIATE);
      case RESTART_SECOND_SERVER -> system.server("node-2").restart(StopMode.FAST);
      case CRASH_SECOND_SERVER -> system.server("node-2").restart(StopMode.IMMEDIATE);
      case STOP_CONTROL_DATABASE -> {
        system.controlServer().stop(StopMode.FAST);
        LockSupport.parkNanos(BETWEEN_FAULTS.toNanos());
        system.controlServer().resume();
      }
      case LOSE_CHECKPOINT_STORAGE -> loseCheckpointStorage();
      case HIDE_COMMITS -> {
        try (HiddenCommits hidden = HiddenCommits.begin(system.server("node-2"), "app_1")) {
          hidden.awaitHidden();
        }
      }
    }
  }

  /** A file is in the place of the folder. */
  private void loseCheckpointStorage() throws IOException {
    Path checkpoints = folder.resolve("checkpoints");
    Path away = folder.resolve("away");
    Files.move(checkpoints, away);
    Files.createFile(checkpoints);
    LockSupport.parkNanos(BETWEEN_FAULTS.toNanos());
    Files.delete(checkpoints);
    Files.move(away, checkpoints);
  }

  /** Every kind once in random order, and then again. */
  private Fault nextFault() {
    if (turns.isEmpty()) {
      List<Fault> all = new ArrayList<>(List.of(Fault.values()));
      all.remove(Fault.KILL_TASKMANAGER_WHILE_KEYS_ARE_RELEASED);
      Collections.shuffle(all, random);
      turns.addAll(all);
    }
    return turns.remove();
  }

  private void note(Fault fault) {
    boolean copying =
        tablesCopied < tables || fault == Fault.KILL_TASKMANAGER_WHILE_KEYS_ARE_RELEASED;
    (copying ? underCopy : underReplication).merge(fault, 1, Integer::sum);
  }

  /** A table of all kinds. */
  private String struck() {
    StringBuilder table = new StringBuilder();
    table.append("%-42s %8s %12s%n".formatted("fault", "in copy", "replication"));
    for (Fault fault : Fault.values()) {
      table.append(
          "%-42s %8d %12d%n"
              .formatted(
                  fault.name().toLowerCase(Locale.ROOT).replace('_', ' '),
                  underCopy.getOrDefault(fault, 0),
                  underReplication.getOrDefault(fault, 0)));
    }
    return table.toString();
  }

  private long anyTaskManager() throws Exception {
    List<Long> alive = processes.taskManagers();
    return alive.get(random.nextInt(alive.size()));
  }
}
