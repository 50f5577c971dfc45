package io.reshard.orchestrator.flink;

import java.net.URI;
import java.util.Optional;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;

/**
 * A Flink cluster, reached over its REST interface. Every method waits at most a minute and fails
 * with {@code flink_unavailable} if the cluster does not answer. Thread-safe.
 */
public interface FlinkCluster extends AutoCloseable {
  /** The address of the REST interface and of the Web UI. */
  URI address();

  /**
   * Runs the program's main method here and submits the job graph that it makes, under the id that
   * the submission names; what {@code flink run -d} does. An error of the main method keeps its
   * code.
   */
  void submit(JobSubmission submission);

  /** The state of a job; empty if the cluster does not know it (any more). */
  Optional<JobStatus> status(JobID job);

  /** Why a job failed last, also if it has been restarted since; empty if it never did. */
  Optional<JobFailure> failure(JobID job);

  /**
   * The newest checkpoint that a job of {@code space} can be started from again, if there is one,
   * also if the cluster has forgotten the job.
   *
   * @param known one that was found earlier, of this job or of the one before it. A job that has
   *     left none goes on from there, or from a later one of the same job as that
   */
  Optional<String> latestCheckpoint(String space, JobID job, Optional<String> known);

  /** Cancels a job and waits until it has ended; does nothing if it has ended or is unknown. */
  void cancel(JobID job);

  /** Stops a job with a savepoint in {@code folder} and returns the savepoint's path. */
  String stopWithSavepoint(JobID job, String folder);

  /** Removes every checkpoint of the jobs of {@code space}; does nothing where there is none. */
  void deleteCheckpoints(String space);

  @Override
  void close();
}
