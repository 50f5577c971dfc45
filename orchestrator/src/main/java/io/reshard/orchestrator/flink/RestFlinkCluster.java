package io.reshard.orchestrator.flink;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.net.URI;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.client.deployment.StandaloneClusterId;
import org.apache.flink.client.program.PackagedProgram;
import org.apache.flink.client.program.PackagedProgramUtils;
import org.apache.flink.client.program.ProgramInvocationException;
import org.apache.flink.client.program.rest.RestClusterClient;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.core.execution.RestoreMode;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.messages.FlinkJobNotFoundException;
import org.apache.flink.runtime.rest.messages.ClusterConfigurationInfoHeaders;
import org.apache.flink.runtime.rest.messages.DashboardConfigurationHeaders;
import org.apache.flink.runtime.rest.messages.EmptyMessageParameters;
import org.apache.flink.runtime.rest.messages.EmptyRequestBody;
import org.apache.flink.runtime.rest.messages.JobExceptionsHeaders;
import org.apache.flink.runtime.rest.messages.JobExceptionsInfoWithHistory;
import org.apache.flink.runtime.rest.messages.checkpoints.CheckpointStatistics;
import org.apache.flink.runtime.rest.messages.checkpoints.CheckpointingStatistics;
import org.apache.flink.runtime.rest.messages.checkpoints.CheckpointingStatisticsHeaders;
import org.apache.flink.runtime.rest.util.RestClientException;
import org.apache.flink.util.ExceptionUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A cluster that is reached through Flink's own REST client. */
public final class RestFlinkCluster implements FlinkCluster {
  private static final Logger LOG = LoggerFactory.getLogger(RestFlinkCluster.class);
  private static final Duration ANSWER_TIMEOUT = Duration.ofMinutes(1);
  private static final Duration SAVEPOINT_TIMEOUT = Duration.ofMinutes(10);
  private static final Duration END_TIMEOUT = Duration.ofMinutes(1);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final int NOT_FOUND = 404;
  private static final String SERVER_SIDE =
      "^\\[?Internal server error\\., <Exception on server side:\\s*";

  private final URI address;
  private final Optional<RetainedCheckpoints> checkpoints;
  private final int parallelism;
  private final RestClusterClient<StandaloneClusterId> client;

  /**
   * A cluster at {@code address}; nothing is asked of it yet.
   *
   * @param checkpoints the folder of checkpoints; without it the cluster's own is used
   */
  public RestFlinkCluster(URI address, Optional<String> checkpoints, int parallelism) {
    this.address = address;
    this.checkpoints = checkpoints.map(RetainedCheckpoints::new);
    this.parallelism = parallelism;
    try {
      client = new RestClusterClient<>(clientSettings(address), StandaloneClusterId.getInstance());
    } catch (Exception e) {
      throw unavailable("be reached", e);
    }
  }

  private static Configuration clientSettings(URI address) {
    boolean secure = "https".equals(address.getScheme());
    int defaultPort = secure ? 443 : 80;
    Configuration settings = new Configuration();
    settings.set(RestOptions.ADDRESS, address.getHost());
    settings.set(RestOptions.PORT, address.getPort() < 0 ? defaultPort : address.getPort());
    settings.set(SecurityOptions.SSL_REST_ENABLED, secure);
    settings.set(RestOptions.RETRY_MAX_ATTEMPTS, 3);
    settings.set(RestOptions.RETRY_DELAY, Duration.ofMillis(500));
    settings.set(RestOptions.CONNECTION_TIMEOUT, Duration.ofSeconds(10));
    return settings;
  }

  @Override
  public URI address() {
    return address;
  }

  @Override
  public void submit(JobSubmission submission) {
    Configuration settings =
        JobSettings.of(checkpoints.map(folder -> folder.folderOf(submission.space())), parallelism);
    JobGraph graph;
    try (PackagedProgram program = program(submission, settings)) {
      graph =
          PackagedProgramUtils.createJobGraph(
              program, settings, parallelism, submission.jobId(), true);
    } catch (ProgramInvocationException e) {
      JobFailure failure = JobFailure.of(e);
      throw new ReshardingException(
          failure.code().orElse(ErrorCode.INTERNAL), failure.message(), e);
    }
    try {
      await(client.submitJob(graph), "accept a job", ANSWER_TIMEOUT);
    } catch (ReshardingException e) {
      // The answer may have been lost on its way: the id tells whether the job is there.
      if (status(submission.jobId()).isEmpty()) {
        throw e;
      }
    }
    LOG.info("submitted {} as job {}", submission.jar().getFileName(), submission.jobId());
  }

  private static PackagedProgram program(JobSubmission submission, Configuration settings)
      throws ProgramInvocationException {
    return PackagedProgram.newBuilder()
        .setJarFile(submission.jar().toFile())
        .setArguments(submission.arguments().toArray(new String[0]))
        .setConfiguration(settings)
        .setSavepointRestoreSettings(
            submission
                .restoreFrom()
                .map(path -> SavepointRestoreSettings.forPath(path, false, RestoreMode.CLAIM))
                .orElse(SavepointRestoreSettings.none()))
        .build();
  }

  @Override
  public Optional<JobStatus> status(JobID job) {
    return known(client.getJobStatus(job), "tell the state of job " + job);
  }

  @Override
  public Optional<JobFailure> failure(JobID job) {
    JobExceptionsHeaders headers = JobExceptionsHeaders.getInstance();
    var parameters = headers.getUnresolvedMessageParameters();
    parameters.jobPathParameter.resolve(job);
    Optional<JobExceptionsInfoWithHistory> answer =
        known(
            client.sendRequest(headers, parameters, EmptyRequestBody.getInstance()),
            "tell why job " + job + " failed");
    return answer
        .map(info -> info.getExceptionHistory().getEntries())
        .filter(entries -> !entries.isEmpty())
        .map(entries -> JobFailure.parse(entries.get(0).getStacktrace()));
  }

  @Override
  public Optional<String> latestCheckpoint(String space, JobID job, Optional<String> known) {
    // The job itself confirms to the slots what a checkpoint covers, and one that is older than its
    // slot cannot be started from any more. So what was known some seconds ago, or before the
    // operator left, is only good for where to look.
    return checkpoints
        .flatMap(folder -> folder.latest(space, job))
        .or(() -> reportedCheckpoint(job))
        .or(() -> known.flatMap(path -> RetainedCheckpoints.latestNear(path, job)))
        .or(() -> ownFolder().flatMap(folder -> RetainedCheckpoints.latestIn(folder, job)))
        .or(() -> known.map(RetainedCheckpoints::latestSince));
  }

  /** Where the cluster puts checkpoints of jobs that name no folder. */
  private Optional<String> ownFolder() {
    Configuration settings = new Configuration();
    await(
            client.sendRequest(
                ClusterConfigurationInfoHeaders.getInstance(),
                EmptyMessageParameters.getInstance(),
                EmptyRequestBody.getInstance()),
            "tell its configuration",
            ANSWER_TIMEOUT)
        .forEach(entry -> settings.setString(entry.getKey(), entry.getValue()));
    return settings.getOptional(CheckpointingOptions.CHECKPOINTS_DIRECTORY);
  }

  /**
   * A job that was stopped with a savepoint has discarded its checkpoints: the savepoint counts.
   */
  private Optional<String> reportedCheckpoint(JobID job) {
    if (status(job).filter(JobStatus::isGloballyTerminalState).isPresent()) {
      outwaitCache();
    }
    CheckpointingStatisticsHeaders headers = CheckpointingStatisticsHeaders.getInstance();
    var parameters = headers.getUnresolvedMessageParameters();
    parameters.jobPathParameter.resolve(job);
    return known(
            client.sendRequest(headers, parameters, EmptyRequestBody.getInstance()),
            "list the checkpoints of job " + job)
        .map(CheckpointingStatistics::getLatestCheckpoints)
        .flatMap(
            latest ->
                Stream.of(
                        latest.getCompletedCheckpointStatistics(), latest.getSavepointStatistics())
                    .filter(one -> one != null && !one.isDiscarded())
                    .max(Comparator.comparingLong(CheckpointStatistics::getId)))
        .map(CheckpointStatistics.CompletedCheckpointStatistics::getExternalPath);
  }

  /**
   * A cluster answers from a cache for as long as its Web UI refreshes. An answer from before the
   * job's end can name a checkpoint that was discarded since, and lack the savepoint.
   */
  private void outwaitCache() {
    long millis =
        await(
                client.sendRequest(
                    DashboardConfigurationHeaders.getInstance(),
                    EmptyMessageParameters.getInstance(),
                    EmptyRequestBody.getInstance()),
                "tell how old its answers may be",
                ANSWER_TIMEOUT)
            .getRefreshInterval();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis) + POLL_NANOS;
    while (System.nanoTime() - end < 0 && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  @Override
  public void cancel(JobID job) {
    Optional<JobStatus> status = status(job);
    if (status.isEmpty() || status.get().isGloballyTerminalState()) {
      return;
    }
    try {
      await(client.cancel(job), "cancel job " + job, ANSWER_TIMEOUT);
    } catch (ReshardingException e) {
      // It may have ended by itself meanwhile: behind a switch it finds that it may not write.
      if (status(job).filter(state -> !state.isGloballyTerminalState()).isPresent()) {
        throw e;
      }
    }
    long deadline = System.nanoTime() + END_TIMEOUT.toNanos();
    while (status(job).filter(state -> !state.isGloballyTerminalState()).isPresent()) {
      if (System.nanoTime() - deadline > 0) {
        throw unavailable("end job " + job + " within " + END_TIMEOUT.toSeconds() + " s", null);
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  @Override
  public String stopWithSavepoint(JobID job, String folder) {
    return await(
        client.stopWithSavepoint(job, false, folder, SavepointFormatType.CANONICAL),
        "stop job " + job + " with a savepoint",
        SAVEPOINT_TIMEOUT);
  }

  @Override
  public void deleteCheckpoints(String space) {
    checkpoints.ifPresent(folder -> folder.delete(space));
  }

  @Override
  public void close() {
    client.close();
  }

  /** The answer, or empty if it is that there is no such job. */
  private <T> Optional<T> known(CompletableFuture<T> answer, String what) {
    try {
      return Optional.of(await(answer, what, ANSWER_TIMEOUT));
    } catch (ReshardingException e) {
      if (saysUnknownJob(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Some requests answer 404 for it, others 500 with the exception as text. */
  private static boolean saysUnknownJob(ReshardingException failure) {
    return ExceptionUtils.stringifyException(failure)
            .contains(FlinkJobNotFoundException.class.getName())
        || ExceptionUtils.findThrowable(failure, RestClientException.class)
            .filter(http -> http.getHttpResponseStatus().code() == NOT_FOUND)
            .isPresent();
  }

  private <T> T await(CompletableFuture<T> answer, String what, Duration timeout) {
    try {
      return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable(what + ": interrupted", e);
    } catch (TimeoutException e) {
      throw unavailable(what + " within " + timeout.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw unavailable(what, e);
    }
  }

  private ReshardingException unavailable(String what, Exception cause) {
    String reason = cause == null ? "" : ": " + reason(cause);
    return new ReshardingException(
        ErrorCode.FLINK_UNAVAILABLE,
        "the Flink cluster at " + address + " failed to " + what + reason,
        cause);
  }

  private static String reason(Exception cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage() == null ? root.toString() : root.getMessage();
    return JobFailure.parse(message.replaceFirst(SERVER_SIDE, "")).message().strip();
  }
}
