package io.reshard.orchestrator.bench;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.JobProgress;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.shard.Heartbeat;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.flink.EmbeddedCluster;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.flink.JobJars;
import io.reshard.orchestrator.flink.JobStatistics;
import io.reshard.orchestrator.flink.JobSubmission;
import io.reshard.orchestrator.flink.SubmissionFiles;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.phase.Verification;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.apache.flink.api.common.JobID;

/** The product on the bench: one operation on an embedded cluster, stopped and resumed at will. */
final class Product implements AutoCloseable {
  static final int PARALLELISM = 2;

  private final BenchShards shards;
  private final Path folder;
  private final FlinkCluster cluster;
  private final OperationContext context;
  private JobID job;
  private String savepoint;

  Product(BenchShards shards, Path folder) {
    this(shards, folder, PARALLELISM);
  }

  /** With another parallelism: as many splits are copied at a time. */
  Product(BenchShards shards, Path folder, int parallelism) {
    this(
        shards,
        folder,
        EmbeddedCluster.start(
            EmbeddedCluster.ANY_PORT,
            folder.resolve("flink"),
            folder.resolve("checkpoints").toUri().toString(),
            parallelism));
  }

  /** On a cluster that ends with the product. */
  Product(BenchShards shards, Path folder, FlinkCluster cluster) {
    this.shards = shards;
    this.folder = folder;
    this.cluster = cluster;
    ReshardingOptions options = ReshardingOptions.builder().build();
    NewOperation.create(shards.control(), shards.plan(), options);
    this.context =
        new OperationContext(
            shards.plan(),
            shards.secrets(),
            shards.control(),
            options,
            Optional.of(cluster),
            Optional.empty());
  }

  /** Drives the operation to the end of {@code last}; the job then goes on. */
  void drive(Phase last) {
    new OperationDriver(context, new FencedCutover()).drive(Optional.of(last));
    job = job();
  }

  JobProgress progress() {
    return new JobProgress(shards.control(), context.operationId());
  }

  /** When the first subtask of the job began to run, in milliseconds since 1970. */
  long runningSinceMillis() throws SQLException, IOException, InterruptedException {
    JobStatistics statistics = statistics();
    Await.until("the job runs", () -> statistics.runningSinceMillis().isPresent());
    return statistics.runningSinceMillis().orElseThrow();
  }

  JobStatistics statistics() {
    return new JobStatistics(cluster.address(), (job == null ? job() : job).toHexString());
  }

  /** Lets no split be begun, or lets all go on. */
  void holdCopy(boolean held) {
    new ThrottleStore(shards.control())
        .set(
            context.operationId(),
            held ? new Throttle(null, null, "SELECT 1", 0.0) : Throttle.NONE);
  }

  private JobID job() {
    return JobID.fromHexString(
        new PostgresOperationStore(shards.control()).get(context.operationId()).jobId());
  }

  /** Compares both sides once. */
  VerificationReport verify() {
    return new Verification(context, cluster)
        .run(VerificationMode.COUNT_AND_CHECKSUM, 10, () -> {});
  }

  /** Ends the job with a savepoint. */
  void stop() {
    savepoint = cluster.stopWithSavepoint(job, folder.resolve("savepoints").toUri().toString());
  }

  /** Starts the job again from the savepoint. */
  void resume() {
    job = JobID.generate();
    try (SubmissionFiles files = SubmissionFiles.write(shards.plan(), shards.secrets())) {
      cluster.submit(
          new JobSubmission(
              context.operationId(),
              job,
              JobJars.migration(),
              files.arguments(),
              Optional.of(savepoint)));
    }
  }

  /** Waits until everything that the sources have committed until now is on its target. */
  void awaitCaughtUp() throws SQLException, InterruptedException {
    awaitFrontier(beat());
  }

  /** A heartbeat on every source; the frontier reaches it behind all that was committed before. */
  long beat() throws SQLException {
    long mark = 0;
    for (int source = 0; source < BenchShards.SOURCES; source++) {
      try (Connection connection = shards.source(source)) {
        mark = Heartbeat.beatAtLeast(connection, context.operationId(), mark).value();
      }
    }
    return mark;
  }

  void awaitFrontier(long mark) throws InterruptedException {
    if (!progress().awaitFrontier(mark, Await.PATIENCE)) {
      throw new ReshardingException(
          ErrorCode.REPLICATION_FAILED, "the product did not catch up within " + Await.PATIENCE);
    }
  }

  /**
   * Starts the job again and lets it apply its backlog; returns the milliseconds from when the
   * first of it ran until everything was on its target.
   */
  long drainMillis() throws SQLException, IOException, InterruptedException {
    resume();
    awaitCaughtUp();
    return Math.max(1, System.currentTimeMillis() - runningSinceMillis());
  }

  @Override
  public void close() {
    cluster.close();
  }
}
