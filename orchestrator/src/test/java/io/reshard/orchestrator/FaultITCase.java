package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.JobProgress;
import io.reshard.orchestrator.demo.ClusterProcesses;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
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
    try (ClusterMigration migration = begin()) {
      await(migration, moment);
      List<Long> alive = processes.taskManagers();
      ClusterProcesses.kill(alive.get(Math.floorMod(moment.seed(), alive.size())));
      processes.startMissing();
      migration.awaitReplicated();
      migration.switchAndCheck();
    }
  }

  /** Thawed, the tasks of the old attempt go on in the middle of their transactions. */
  @Test
  @Tag("long")
  void nothingIsLostWhenTaskManagersFreezeThroughAFailover() throws Exception {
    try (ClusterMigration migration = begin()) {
      await(migration, new Moment(false, 0, SEED));
      List<Long> frozen = processes.taskManagers();
      processes.startAnother();
      for (long pid : frozen) {
        ClusterProcesses.freeze(pid);
      }
      try {
        Replication.awaitCurrent(migration.context());
      } finally {
        for (long pid : frozen) {
          ClusterProcesses.thaw(pid);
        }
      }
      Replication.awaitCurrent(migration.context());
      migration.awaitReplicated();
      migration.switchAndCheck();
    }
  }

  @Test
  @Tag("long")
  void nothingIsLostWhenTheJobIsStoppedWithASavepointAndResumed() throws Exception {
    try (ClusterMigration migration = begin()) {
      migration.awaitReplicated();
      String savepoint =
          migration
              .context()
              .cluster()
              .orElseThrow()
              .stopWithSavepoint(
                  JobID.fromHexString(migration.jobId()),
                  folder.resolve("savepoints").toUri().toString());
      assertThat(savepoint).contains("savepoint-");
      migration.switchAndCheck();
    }
  }

  private static ClusterMigration begin() throws Exception {
    ClusterMigration migration = ClusterMigration.toThree(processes, ORDERS, 300);
    migration.begin();
    return migration;
  }

  private static void await(ClusterMigration migration, Moment moment) {
    double due = moment.share() * migration.plan().totalRows();
    migration.await(
        () -> migration.isCopied() || (moment.copying() && migration.copiedRows() >= due));
    if (!moment.copying()) {
      // A random moment within the first seconds of replication, counted in heartbeats.
      JobProgress progress = migration.progress();
      long later = progress.frontier().orElse(0) + (long) (5000 * moment.share());
      migration.await(() -> progress.frontier().orElse(0) >= later);
    }
  }
}
