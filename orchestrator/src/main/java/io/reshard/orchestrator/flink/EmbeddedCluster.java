package io.reshard.orchestrator.flink;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.util.FileUtils;

/**
 * A cluster inside this process, with REST interface and Web UI, for as long as the command runs.
 * It is used through its address like any other.
 */
public final class EmbeddedCluster implements FlinkCluster {
  /** A free port, whichever. */
  public static final String ANY_PORT = "0";

  private static final String HOST = "127.0.0.1";
  private static final long SHUTDOWN_SECONDS = 120;

  private final MiniCluster cluster;
  private final FlinkCluster client;
  private final Path folder;

  private EmbeddedCluster(MiniCluster cluster, FlinkCluster client, Path folder) {
    this.cluster = cluster;
    this.client = client;
    this.folder = folder;
  }

  /** Starts a cluster whose working files are in a temporary folder until it is closed. */
  public static EmbeddedCluster start(String checkpoints, int parallelism) {
    try {
      Path folder = Files.createTempDirectory("reshard-flink-");
      return start(ANY_PORT, folder, checkpoints, parallelism);
    } catch (IOException e) {
      throw new ReshardingException(
          ErrorCode.FLINK_UNAVAILABLE,
          "cannot make a folder for the embedded Flink cluster: " + e.getMessage(),
          e);
    }
  }

  /**
   * Starts a cluster.
   *
   * @param ports of the REST interface: the first free one of a range, or {@link #ANY_PORT}
   * @param folder for working files, removed at the end. Flink's own default holds a folder that
   *     only its first user can write to
   * @param checkpoints the URI of the folder of checkpoints
   * @param parallelism of the jobs; the slots are twice as many, as a verification runs beside the
   *     migration
   */
  public static EmbeddedCluster start(
      String ports, Path folder, String checkpoints, int parallelism) {
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(settings(ports, folder, checkpoints))
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(2 * parallelism)
                .build());
    try {
      cluster.start();
      URI address = cluster.getRestAddress().get();
      return new EmbeddedCluster(
          cluster, new RestFlinkCluster(address, Optional.of(checkpoints), parallelism), folder);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(cluster, folder, e);
    } catch (Exception e) {
      throw failed(cluster, folder, e);
    }
  }

  private static Configuration settings(String ports, Path folder, String checkpoints) {
    Configuration settings = new Configuration();
    settings.set(RestOptions.ADDRESS, HOST);
    settings.set(RestOptions.BIND_ADDRESS, HOST);
    settings.set(RestOptions.BIND_PORT, ports);
    settings.set(CoreOptions.TMP_DIRS, folder.toString());
    settings.set(WebOptions.TMP_DIR, folder.toString());
    // Whoever reaches the page could otherwise run code here.
    settings.set(WebOptions.SUBMIT_ENABLE, false);
    settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpoints);
    settings.set(CoreOptions.CHECK_LEAKED_CLASSLOADER, false);
    settings.set(
        CoreOptions.ALWAYS_PARENT_FIRST_LOADER_PATTERNS_ADDITIONAL, JobSettings.SHARED_CLASSES);
    settings.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(512));
    settings.set(TaskManagerOptions.NETWORK_MEMORY_MIN, MemorySize.ofMebiBytes(128));
    settings.set(TaskManagerOptions.NETWORK_MEMORY_MAX, MemorySize.ofMebiBytes(128));
    settings.setString("state.backend.rocksdb.writebuffer.size", "4mb");
    settings.setString("source.reader.close.timeout", "2000");
    return settings;
  }

  private static ReshardingException failed(MiniCluster cluster, Path folder, Exception cause) {
    ReshardingException failure =
        new ReshardingException(
            ErrorCode.FLINK_UNAVAILABLE,
            "the embedded Flink cluster did not start: " + cause.getMessage(),
            cause);
    try {
      end(cluster, folder);
    } catch (ReshardingException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }

  @Override
  public URI address() {
    return client.address();
  }

  @Override
  public void submit(JobSubmission submission) {
    client.submit(submission);
  }

  @Override
  public Optional<JobStatus> status(JobID job) {
    return client.status(job);
  }

  @Override
  public Optional<JobFailure> failure(JobID job) {
    return client.failure(job);
  }

  @Override
  public Optional<String> latestCheckpoint(String space, JobID job, Optional<String> known) {
    return client.latestCheckpoint(space, job, known);
  }

  @Override
  public void cancel(JobID job) {
    client.cancel(job);
  }

  @Override
  public String stopWithSavepoint(JobID job, String folder) {
    return client.stopWithSavepoint(job, folder);
  }

  @Override
  public void deleteCheckpoints(String space) {
    client.deleteCheckpoints(space);
  }

  @Override
  public void close() {
    client.close();
    end(cluster, folder);
  }

  private static void end(MiniCluster cluster, Path folder) {
    try {
      cluster.closeAsync().get(SHUTDOWN_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      throw new ReshardingException(
          ErrorCode.FLINK_UNAVAILABLE, "the embedded Flink cluster did not end cleanly", e);
    } finally {
      FileUtils.deleteDirectoryQuietly(folder.toFile());
    }
  }
}
