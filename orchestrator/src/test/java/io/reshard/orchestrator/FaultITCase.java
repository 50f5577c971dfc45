package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.JobProgress;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.demo.ClusterProcesses;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.RestFlinkCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.WriterOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The job on a cluster of real processes, under write load, with a TaskManager killed or the job
 * stopped and resumed; each run goes through the switch and ends with the writers' own history.
 *
 * <p>{@code -Dreshard.kill.runs=20} makes more kills, {@code -Dreshard.kill.seed=N} others.
 */
@Tag("cluster")
class FaultITCase {
  private static final int RUNS = Integer.getInteger("reshard.kill.runs", 2);
  private static final long SEED = Long.getLong("reshard.kill.seed", System.nanoTime());
  private static final long ORDERS = 30_000;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  @TempDir static Path folder;
  private static ClusterProcesses processes;

  @BeforeAll
  static void startCluster() throws Exception {
    processes = ClusterProcesses.start(folder.resolve("cluster"));
  }

  @AfterAll
  static void stopCluster() throws Exception {
    if (processes != null) {
      processes.close();
    }
  }

  /** A moment of the migration: a share of the copied rows, or a time after the copy's end. */
  record Moment(boolean copying, double share, long seed) {
    @Override
    public String toString() {
      return (copying ? "in the copy, at " : "in replication, at ") + share + ", seed " + seed;
    }
  }

  static Stream<Moment> moments() {
    return IntStream.range(0, RUNS)
        .mapToObj(
            run -> {
              SplittableRandom random = new SplittableRandom(SEED + run);
              return new Moment(run % 2 == 0, random.nextDouble(), SEED + run);
            });
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("moments")
  void nothingIsLostWhenATaskManagerIsKilled(Moment moment) throws Exception {
    migrate(
        (context, driving) -> {
          awaitMoment(context, moment);
          List<Long> alive = processes.taskManagers();
          ClusterProcesses.kill(alive.get(Math.floorMod(moment.seed(), alive.size())));
          processes.startMissing();
          driving.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        });
  }

  /** Thawed, the tasks of the old attempt go on in the middle of their transactions. */
  @Test
  @Tag("long")
  void nothingIsLostWhenTaskManagersFreezeThroughAFailover() throws Exception {
    migrate(
        (context, driving) -> {
          awaitMoment(context, new Moment(false, 0, SEED));
          List<Long> frozen = processes.taskManagers();
          processes.startAnother();
          for (long pid : frozen) {
            ClusterProcesses.freeze(pid);
          }
          try {
            Replication.awaitCurrent(context);
          } finally {
            for (long pid : frozen) {
              ClusterProcesses.thaw(pid);
            }
          }
          Replication.awaitCurrent(context);
          driving.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        });
  }

  @Test
  @Tag("long")
  void nothingIsLostWhenTheJobIsStoppedWithASavepointAndResumed() throws Exception {
    migrate(
        (context, driving) -> {
          driving.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
          Operation operation =
              new PostgresOperationStore(context.control()).get(context.operationId());
          String savepoint =
              context
                  .cluster()
                  .orElseThrow()
                  .stopWithSavepoint(
                      JobID.fromHexString(operation.jobId()),
                      folder.resolve("savepoints").toUri().toString());
          assertThat(savepoint).contains("savepoint-");
        });
  }

  /** Something that happens to a migration while it is driven to the end of REPLICATING. */
  @FunctionalInterface
  private interface Fault {
    void strike(OperationContext context, CompletableFuture<Operation> driving) throws Exception;
  }

  private static void migrate(Fault fault) throws Exception {
    try (LiveSystem system = LiveSystem.start(2, ORDERS);
        RestFlinkCluster cluster = new RestFlinkCluster(processes.address(), Optional.empty(), 2);
        LiveWriter writer = system.write(WriterOptions.defaults().withWritesPerSecond(300))) {
      Plan plan = system.plan(3);
      OperationContext context = Operations.begin(system, plan, cluster);
      CompletableFuture<Operation> driving =
          CompletableFuture.supplyAsync(
              () ->
                  new OperationDriver(context, new FencedCutover())
                      .drive(Optional.of(Phase.REPLICATING)));
      try {
        fault.strike(context, driving);
        Operation switched =
            new OperationDriver(context, new FencedCutover()).drive(Optional.empty());
        assertThat(switched.phase()).isEqualTo(Phase.CLEANING_UP);
      } finally {
        endJob(context, cluster);
      }
      writer.stop();
      HistoryReport history = system.check(writer.history(), plan.target());
      assertThat(history.consistent()).as("%s", history).isTrue();
    }
  }

  /** A job that is left behind without its databases would take the next run's slots. */
  private static void endJob(OperationContext context, RestFlinkCluster cluster) {
    String job = new PostgresOperationStore(context.control()).get(context.operationId()).jobId();
    if (job != null) {
      cluster.cancel(JobID.fromHexString(job));
    }
  }

  private static void awaitMoment(OperationContext context, Moment moment) {
    JobProgress progress = new JobProgress(context.control(), context.operationId());
    double due = moment.copying() ? moment.share() * context.plan().totalRows() : 0;
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                moment.copying()
                    ? copied(progress) >= due || completed(progress, context)
                    : completed(progress, context));
    if (!moment.copying()) {
      // A random moment within the first seconds of replication, counted in heartbeats.
      long later = progress.frontier().orElse(0) + (long) (5000 * moment.share());
      Awaitility.await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> progress.frontier().orElse(0) >= later);
    }
  }

  private static long copied(JobProgress progress) {
    return progress.copiedRows().values().stream().mapToLong(Long::longValue).sum();
  }

  private static boolean completed(JobProgress progress, OperationContext context) {
    return progress.completedTables().size() == context.plan().tables().size();
  }
}
