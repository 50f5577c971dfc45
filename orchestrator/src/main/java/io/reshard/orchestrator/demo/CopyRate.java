package io.reshard.orchestrator.demo;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobProgress;
import io.reshard.orchestrator.flink.JobStatistics;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.OperationStatus.PhasePassage;
import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rows per second of the copy itself: from the moment when the last operator of the job ran, as
 * Flink's REST interface tells, until the last transaction of the copy. What comes before it is the
 * start of a job, which takes as long for ten rows.
 */
final class CopyRate {
  private static final Logger LOG = LoggerFactory.getLogger(CopyRate.class);

  private CopyRate() {}

  /** The rate of an operation whose copy is complete and whose job the cluster still knows. */
  static long rowsPerSecond(ControlDatabase control, URI flink, OperationStatus status) {
    Optional<Instant> end = new JobProgress(control, status.id()).lastCopied();
    if (end.isEmpty()) {
      return 0;
    }
    Instant begun =
        running(flink, status.jobId())
            .filter(instant -> instant.isBefore(end.get()))
            .orElseGet(() -> phaseStart(status));
    long millis = Math.max(1, Duration.between(begun, end.get()).toMillis());
    return Math.round(status.rowsCopied() * 1_000.0 / millis);
  }

  private static Instant phaseStart(OperationStatus status) {
    return status.history().stream()
        .filter(passage -> passage.phase() == Phase.COPYING)
        .map(PhasePassage::startedAt)
        .reduce((first, second) -> second)
        .orElse(status.startedAt());
  }

  private static Optional<Instant> running(URI flink, String jobId) {
    try {
      OptionalLong since = new JobStatistics(flink, jobId).runningSinceMillis();
      return since.isEmpty()
          ? Optional.empty()
          : Optional.of(Instant.ofEpochMilli(since.getAsLong()));
    } catch (IOException e) {
      LOG.info("Flink does not tell when the job ran; its phase has to do", e);
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
