package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.Epoch;
import io.reshard.core.control.JobProgress;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
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
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.awaitility.Awaitility;

/**
 * One migration of the sample application on a cluster of real processes, under write load. It ends
 * with the switch and the writers' own history.
 */
final class ClusterMigration implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int PARALLELISM = 2;

  private final LiveSystem system;
  private final RestFlinkCluster cluster;
  private final LiveWriter writer;
  private final OperationContext context;
  private CompletableFuture<Operation> driving = CompletableFuture.completedFuture(null);

  /** Takes the system over. */
  ClusterMigration(ClusterProcesses processes, LiveSystem system, Plan plan, WriterOptions load) {
    this.system = system;
    this.cluster = new RestFlinkCluster(processes.address(), Optional.empty(), PARALLELISM);
    this.writer = system.write(load);
    this.context = Operations.begin(system, plan, cluster);
  }

  /** From 2 to 3 shards: one of the sources is a target too. */
  static ClusterMigration toThree(ClusterProcesses processes, long orders, double writesPerSecond)
      throws Exception {
    LiveSystem system = LiveSystem.start(2, orders);
    try {
      WriterOptions load =
          WriterOptions.defaults().withWritesPerSecond(writesPerSecond).withChangeShardKeys(true);
      return new ClusterMigration(processes, system, system.plan(3), load);
    } catch (RuntimeException e) {
      system.close();
      throw e;
    }
  }

  LiveSystem system() {
    return system;
  }

  OperationContext context() {
    return context;
  }

  Plan plan() {
    return context.plan();
  }

  JobProgress progress() {
    return new JobProgress(context.control(), context.operationId());
  }

  /** The newest attempt of the job. */
  Epoch attempt() {
    return progress().position().epoch();
  }

  String jobId() {
    return new PostgresOperationStore(context.control()).get(context.operationId()).jobId();
  }

  long copiedRows() {
    return progress().copiedRows().values().stream().mapToLong(Long::longValue).sum();
  }

  boolean isCopied() {
    return progress().completedTables().size() == plan().tables().size();
  }

  void throttle(Throttle throttle) {
    new ThrottleStore(context.control()).set(context.operationId(), throttle);
  }

  Operation drive(Phase until) {
    return new OperationDriver(context, new FencedCutover()).drive(Optional.ofNullable(until));
  }

  /** Drives it aside, up to the end of REPLICATING. */
  void begin() {
    driving = CompletableFuture.supplyAsync(() -> drive(Phase.REPLICATING));
  }

  void awaitReplicated() throws Exception {
    driving.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** Waits for something, and fails with what the operation fails with. */
  void await(Callable<Boolean> condition) {
    Awaitility.await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              if (driving.isCompletedExceptionally()) {
                driving.join();
              }
              return condition.call();
            });
  }

  /** Goes through the switch, stops the writers and compares what they did with what is there. */
  void switchAndCheck() throws Exception {
    assertThat(drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
    writer.stop();
    HistoryReport history = system.check(writer.history(), plan().target());
    assertThat(history.consistent()).as("%s", history).isTrue();
  }

  /** A job that is left behind without its databases would take the next run's slots. */
  @Override
  public void close() {
    try (system;
        cluster;
        writer) {
      String job = jobId();
      if (job != null) {
        cluster.cancel(JobID.fromHexString(job));
      }
    }
  }
}
