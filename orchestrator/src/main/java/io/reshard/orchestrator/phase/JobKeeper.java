package io.reshard.orchestrator.phase;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.flink.JobFailure;
import io.reshard.orchestrator.flink.JobJars;
import io.reshard.orchestrator.flink.JobSubmission;
import io.reshard.orchestrator.flink.SubmissionFiles;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import java.time.Duration;
import java.util.Optional;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the migration job of an operation running on its cluster. Used by one thread. */
final class JobKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(JobKeeper.class);
  private static final Duration CHECKPOINT_POLL = Duration.ofSeconds(10);
  private static final Duration PROGRESS_PERIOD = Duration.ofSeconds(30);
  private static final int LOOKS = 10;

  private final OperationContext context;
  private final FlinkCluster cluster;
  private final OperationHandle handle;
  private long lastCheckpointPoll = System.nanoTime();
  private long lastProgress = System.nanoTime();

  JobKeeper(OperationContext context, FlinkCluster cluster, OperationHandle handle) {
    this.context = context;
    this.cluster = cluster;
    this.handle = handle;
  }

  /**
   * Submits the job if it was never submitted, or again, from its last checkpoint, if it has ended
   * or the cluster has lost it. Its id is stored before it exists, so that a crash in between
   * leaves no job that nobody knows.
   */
  void ensureRunning() {
    Operation operation = handle.current();
    Optional<JobID> job = Optional.ofNullable(operation.jobId()).map(JobID::fromHexString);
    Optional<JobStatus> status = job.flatMap(cluster::status);
    if (status.isPresent() && !status.get().isGloballyTerminalState()) {
      return;
    }
    Optional<String> noted = Optional.ofNullable(operation.checkpointPath());
    Optional<String> checkpoint =
        job.isPresent() ? cluster.latestCheckpoint(context.operationId(), job.get(), noted) : noted;
    JobID next = JobID.generate();
    handle.recordJob(next.toHexString(), checkpoint.orElse(null));
    LOG.info(
        "submitting the migration job as {} from {}",
        next,
        checkpoint.map(path -> "checkpoint " + path).orElse("the beginning"));
    try (SubmissionFiles files = SubmissionFiles.write(context.plan(), context.secrets())) {
      cluster.submit(
          new JobSubmission(
              context.operationId(), next, JobJars.migration(), files.arguments(), checkpoint));
    }
  }

  /**
   * Looks at the job. While it restarts, the operation pauses with the reason; once it has ended,
   * that is an error, with its own code or with {@code otherwise}.
   */
  void check(ErrorCode otherwise) {
    handle.requireHeld();
    JobID job = JobID.fromHexString(handle.current().jobId());
    JobStatus status =
        cluster
            .status(job)
            .orElseThrow(
                () ->
                    new ReshardingException(
                        ErrorCode.FLINK_UNAVAILABLE,
                        "the cluster at " + cluster.address() + " has lost job " + job));
    switch (status) {
      case FAILED -> throw failure(job, otherwise);
      case CANCELED, FINISHED ->
          throw new ReshardingException(
              otherwise,
              "job "
                  + job
                  + " was ended on the cluster ("
                  + status
                  + "); 'reshard resume' starts it again from its last checkpoint");
      case RESTARTING, FAILING -> handle.pause(OperationError.of(failure(job, otherwise)));
      case RUNNING -> handle.pause(null);
      default -> LOG.debug("job {} is {}", job, status);
    }
    recordCheckpoint(job);
    logProgress();
  }

  private void logProgress() {
    if (System.nanoTime() - lastProgress < PROGRESS_PERIOD.toNanos()) {
      return;
    }
    lastProgress = System.nanoTime();
    OperationStatus status = new StatusReader(context.control()).read(context.plan().forwardId());
    LOG.info(
        "{}: {} %, {} rows copied, {} replicated, {} verified, lag {} ms",
        status.phase(),
        status.overallPercentComplete(),
        status.rowsCopied(),
        status.rowsReplicated(),
        status.rowsVerified(),
        status.lagMillis() == null ? "unknown" : status.lagMillis());
  }

  private ReshardingException failure(JobID job, ErrorCode otherwise) {
    return failure(cluster, job, otherwise);
  }

  /** What a cluster answers can be older than the failure ({@code web.refresh-interval}, 3 s). */
  static ReshardingException failure(FlinkCluster cluster, JobID job, ErrorCode otherwise) {
    Optional<JobFailure> told = cluster.failure(job);
    for (int look = 1; told.isEmpty() && look < LOOKS; look++) {
      Waiting.sleep(Waiting.POLL);
      told = cluster.failure(job);
    }
    JobFailure failure =
        told.orElse(new JobFailure(Optional.empty(), "the cluster does not say why"));
    return new ReshardingException(
        failure.code().orElse(otherwise), "job " + job + " failed: " + failure.message());
  }

  private void recordCheckpoint(JobID job) {
    if (System.nanoTime() - lastCheckpointPoll < CHECKPOINT_POLL.toNanos()) {
      return;
    }
    lastCheckpointPoll = System.nanoTime();
    Optional<String> checkpoint;
    try {
      checkpoint =
          cluster.latestCheckpoint(
              context.operationId(), job, Optional.ofNullable(handle.current().checkpointPath()));
    } catch (ReshardingException e) {
      // It is only noted in case that the cluster loses the job: the next look will do.
      LOG.info("the newest checkpoint of job {} is not known: {}", job, e.getMessage());
      return;
    }
    checkpoint
        .filter(path -> !path.equals(handle.current().checkpointPath()))
        .ifPresent(path -> handle.recordJob(job.toHexString(), path));
  }
}
