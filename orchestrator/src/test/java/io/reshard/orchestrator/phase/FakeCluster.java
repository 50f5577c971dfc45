package io.reshard.orchestrator.phase;

import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.flink.JobFailure;
import io.reshard.orchestrator.flink.JobSubmission;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;

/** A cluster whose jobs do what a test tells them. */
public final class FakeCluster implements FlinkCluster {
  final List<JobSubmission> migrations = new ArrayList<>();
  final Map<JobID, JobStatus> jobs = new ConcurrentHashMap<>();
  Optional<JobFailure> failure = Optional.empty();
  Optional<String> checkpoint = Optional.empty();
  Consumer<JobSubmission> onMigration = submission -> {};
  Consumer<JobSubmission> onVerification = submission -> {};

  /** Told of a job before it is cancelled. */
  public Consumer<JobID> onCancel = job -> {};

  @Override
  public URI address() {
    return URI.create("http://fake:8081");
  }

  @Override
  public void submit(JobSubmission submission) {
    if (submission.jar().toString().contains("verifier")) {
      onVerification.accept(submission);
      jobs.put(submission.jobId(), JobStatus.FINISHED);
    } else {
      migrations.add(submission);
      jobs.put(submission.jobId(), JobStatus.RUNNING);
      onMigration.accept(submission);
    }
  }

  @Override
  public Optional<JobStatus> status(JobID job) {
    return Optional.ofNullable(jobs.get(job));
  }

  @Override
  public Optional<JobFailure> failure(JobID job) {
    return failure;
  }

  @Override
  public Optional<String> latestCheckpoint(String space, JobID job, Optional<String> known) {
    return checkpoint.or(() -> known);
  }

  @Override
  public void cancel(JobID job) {
    onCancel.accept(job);
    jobs.computeIfPresent(job, (id, status) -> JobStatus.CANCELED);
  }

  @Override
  public String stopWithSavepoint(JobID job, String folder) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void deleteCheckpoints(String space) {
    checkpoint = Optional.empty();
  }

  @Override
  public void close() {
    jobs.clear();
  }
}
