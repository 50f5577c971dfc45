package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.JobProgress;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.cli.ResumeRun;
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
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A JobManager that is killed and takes all memory of its job along: no high availability. The job
 * is submitted again from what it has left, and ends with the writers' own history.
 */
@Tag("long")
@Tag("cluster")
class LostJobManagerITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final long ORDERS = 10_000;

  /** Makes the copy take about half a minute. */
  private static final long BYTES_PER_SECOND = 50_000;

  @TempDir private Path folder;
  private ClusterProcesses processes;

  @BeforeEach
  void startCluster() throws Exception {
    processes = ClusterProcesses.start(folder.resolve("cluster"));
  }

  @AfterEach
  void stopCluster() throws Exception {
    processes.close();
  }

  private RestFlinkCluster cluster(boolean folderGiven) {
    String given = folder.resolve("checkpoints").toUri().toString();
    return new RestFlinkCluster(
        processes.address(), folderGiven ? Optional.of(given) : Optional.empty(), 2);
  }

  @ParameterizedTest(name = "flink.checkpoints is given: {0}")
  @ValueSource(booleans = {true, false})
  void itsJobGoesOnFromItsLastCheckpoint(boolean folderGiven) throws Exception {
    try (LiveSystem system = LiveSystem.start(2, ORDERS);
        RestFlinkCluster cluster = cluster(folderGiven);
        LiveWriter writer = system.write(WriterOptions.defaults().withWritesPerSecond(200))) {
      Plan plan = system.plan(3);
      OperationContext context = Operations.begin(system, plan, cluster);
      ThrottleStore throttles = new ThrottleStore(context.control());
      throttles.set(context.operationId(), new Throttle(BYTES_PER_SECOND, null, null, null));
      CompletableFuture<Operation> driving = drive(context, Phase.REPLICATING);
      await(() -> operation(context).jobId() != null && completedCheckpoints(context) > 0);
      assertThat(new JobProgress(context.control(), context.operationId()).completedTables())
          .hasSizeLessThan(plan.tables().size());
      long inCopy = completedCheckpoints(context);
      Operation lost = operation(context);
      killJobManager();
      assertStartedAgain(context, lost, inCopy);
      throttles.set(context.operationId(), Throttle.NONE);
      driving.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

      // Nobody drives it now, so nobody notes its checkpoints.
      Operation left = operation(context);
      long notedThen = completedCheckpoints(context);
      await(() -> completedCheckpoints(context) >= notedThen + 2);
      killJobManager();
      driving = drive(context, null);
      assertStartedAgain(context, left, number(left.checkpointPath()) + 1);
      assertThat(driving.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).phase())
          .isEqualTo(Phase.CLEANING_UP);
      writer.stop();
      HistoryReport history = system.check(writer.history(), plan.target());
      assertThat(history.consistent()).as("%s", history).isTrue();
    }
  }

  /** Only the operator knows the savepoint's place, and the job has removed its checkpoints. */
  @Test
  void aJobThatWasStoppedWithASavepointIsStartedFromTheOneThatAPersonNames() throws Exception {
    try (LiveSystem system = LiveSystem.start(2, 1_000);
        RestFlinkCluster cluster = cluster(false);
        LiveWriter writer = system.write(WriterOptions.defaults().withWritesPerSecond(100))) {
      Plan plan = system.plan(3);
      OperationContext context = Operations.begin(system, plan, cluster);
      drive(context, Phase.REPLICATING).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      Path config = configuration(system);
      String[] resume = {plan.planId(), "-c", config.toString(), "--from"};
      Path checkpoint = Path.of(URI.create(uri(latest(context))));
      ResumeRun running = resume(resume, checkpoint);
      assertThat(running.exit()).as("%s", running).isEqualTo(3);
      assertThat(running.err()).contains("RUNNING", operation(context).jobId());

      Path savepoint =
          Path.of(
              URI.create(
                  uri(
                      cluster.stopWithSavepoint(
                          JobID.fromHexString(operation(context).jobId()),
                          folder.resolve("savepoints").toUri().toString()))));
      killJobManager();
      ResumeRun none = resume(resume, folder.resolve("savepoints/none"));
      assertThat(none.exit()).as("%s", none).isEqualTo(2);
      assertThat(none.err()).contains("savepoints/none");
      ResumeRun resumed = resume(resume, savepoint);
      assertThat(resumed.exit()).as("%s", resumed).isZero();
      assertThat(operation(context).phase()).isEqualTo(Phase.CLEANING_UP);
      writer.stop();
      HistoryReport history = system.check(writer.history(), plan.target());
      assertThat(history.consistent()).as("%s", history).isTrue();
    }
  }

  private static ResumeRun resume(String[] words, Path from) {
    String[] all = Arrays.copyOf(words, words.length + 1);
    all[words.length] = from.toString();
    return ResumeRun.of(all);
  }

  private Path configuration(LiveSystem system) throws IOException {
    return Files.writeString(
        folder.resolve("reshard.yaml"),
        """
        control: { url: '%s', user: postgres }
        flink: { address: '%s' }
        options: { cutoverTimeout: 1m }
        """
            .formatted(system.control().endpoint().url(), processes.address()));
  }

  private void killJobManager() throws Exception {
    ClusterProcesses.kill(processes.jobManager());
    processes.startMissing();
  }

  private static CompletableFuture<Operation> drive(OperationContext context, Phase until) {
    return CompletableFuture.supplyAsync(
        () -> new OperationDriver(context, new FencedCutover()).drive(Optional.ofNullable(until)));
  }

  private static Operation operation(OperationContext context) {
    return new PostgresOperationStore(context.control()).get(context.operationId());
  }

  private static long completedCheckpoints(OperationContext context) throws IOException {
    return CheckpointCounts.of(
            context.cluster().orElseThrow(), JobID.fromHexString(operation(context).jobId()))
        .completed();
  }

  private static String latest(OperationContext context) {
    return context
        .cluster()
        .orElseThrow()
        .latestCheckpoint(
            context.operationId(),
            JobID.fromHexString(operation(context).jobId()),
            Optional.empty())
        .orElseThrow();
  }

  /** By another job, from a checkpoint of the lost one that is not older than {@code number}. */
  private static void assertStartedAgain(OperationContext context, Operation lost, long number) {
    await(() -> !lost.jobId().equals(operation(context).jobId()));
    String from = operation(context).checkpointPath();
    assertThat(from).contains(lost.jobId());
    assertThat(number(from)).isGreaterThanOrEqualTo(number);
  }

  private static long number(String checkpoint) {
    return Long.parseLong(checkpoint.substring(checkpoint.lastIndexOf("chk-") + 4));
  }

  private static String uri(String path) {
    return path.replaceFirst("^file:/+", "file:///");
  }

  private static void await(Callable<Boolean> condition) {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(condition);
  }
}
