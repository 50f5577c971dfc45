package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.orchestrator.demo.ClusterProcesses;
import io.reshard.orchestrator.state.Phase;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ZooKeeperServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JobManager that is killed, on a cluster whose jobs are remembered by a ZooKeeper server. */
@Tag("long")
@Tag("cluster")
class HighAvailabilityITCase {
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
    try (ClusterMigration migration = ClusterMigration.toThree(processes, 30_000, 200)) {
      migration.begin();
      migration.await(() -> migration.copiedRows() > 0);
      String job = migration.jobId();
      killJobManager();
      migration.awaitReplicated();
      killJobManager();
      Replication.awaitCurrent(migration.context());

      assertThat(migration.drive(Phase.VERIFYING).jobId()).isEqualTo(job);
      migration.switchAndCheck();
    }
  }

  private void killJobManager() throws Exception {
    ClusterProcesses.kill(processes.jobManager());
    processes.startMissing();
  }
}
