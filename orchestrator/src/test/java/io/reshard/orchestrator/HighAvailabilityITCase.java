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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ZooKeeperServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JobManager that is killed, on a cluster whose jobs are remembered by a ZooKeeper server. */
@Tag("long")
@Tag("cluster")
class HighAvailabilityITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int TICK_MILLIS = 500;
  private static final int MAX_CONNECTIONS = 100;

  @TempDir private Path folder;
  private ServerCnxnFactory zooKeeper;
  private ClusterProcesses processes;

  @BeforeEach
  void startCluster() throws Exception {
    Path data = Files.createDirectory(folder.resolve("zookeeper"));
    zooKeeper =
        ServerCnxnFactory.createFactory(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), MAX_CONNECTIONS);
    zooKeeper.startup(new ZooKeeperServer(data.toFile(), data.toFile(), TICK_MILLIS));
    processes =
        ClusterProcesses.start(
            folder.resolve("cluster"),
            List.of(
                "high-availability.type: zookeeper",
                "high-availability.zookeeper.quorum: 127.0.0.1:" + zooKeeper.getLocalPort(),
                "high-availability.zookeeper.client.session-timeout: 10 s",
                "high-availability.storageDir: " + folder.resolve("jobs").toUri()));
  }

  @AfterEach
  void stopCluster() throws Exception {
    if (processes != null) {
      processes.close();
    }
    zooKeeper.shutdown();
  }

  @Test
  void theSameJobGoesOnWhenItsJobManagerIsKilled() throws Exception {
    try (LiveSystem system = LiveSystem.start(2, 30_000);
        RestFlinkCluster cluster = new RestFlinkCluster(processes.address(), Optional.empty(), 2);
        LiveWriter writer = system.write(WriterOptions.defaults().withWritesPerSecond(200))) {
      Plan plan = system.plan(3);
      OperationContext context = Operations.begin(system, plan, cluster);
      CompletableFuture<Operation> driving =
          CompletableFuture.supplyAsync(
              () -> driver(context).drive(Optional.of(Phase.REPLICATING)));
      JobProgress progress = new JobProgress(context.control(), context.operationId());
      Awaitility.await().atMost(PATIENCE).until(() -> !progress.copiedRows().isEmpty());
      String job = job(context);
      killJobManager();
      driving.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      killJobManager();
      Replication.awaitCurrent(context);

      assertThat(driver(context).drive(Optional.of(Phase.VERIFYING)).jobId()).isEqualTo(job);
      assertThat(driver(context).drive(Optional.empty()).phase()).isEqualTo(Phase.CLEANING_UP);
      writer.stop();
      HistoryReport history = system.check(writer.history(), plan.target());
      assertThat(history.consistent()).as("%s", history).isTrue();
    }
  }

  private void killJobManager() throws Exception {
    ClusterProcesses.kill(processes.jobManager());
    processes.startMissing();
  }

  private static OperationDriver driver(OperationContext context) {
    return new OperationDriver(context, new FencedCutover());
  }

  private static String job(OperationContext context) {
    return new PostgresOperationStore(context.control()).get(context.operationId()).jobId();
  }
}
