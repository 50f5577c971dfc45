package io.reshard.orchestrator.phase;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.reshard.core.control.CopyPause;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.Phase;
import java.time.Instant;
import java.util.List;

/**
 * The progress of an operation, as {@code status --json} writes it. Null where nothing is known
 * (yet), never a guess.
 */
@JsonPropertyOrder({
  "id",
  "phase",
  "lastCompletedPhase",
  "overallPercentComplete",
  "startedAt",
  "estimatedSecondsLeft",
  "lagMillis",
  "error",
  "steps",
  "history",
  "jobId",
  "copyPauses"
})
public record OperationStatus(
    String id,
    Phase phase,
    Phase lastCompletedPhase,
    double overallPercentComplete,
    Instant startedAt,
    Long estimatedSecondsLeft,
    Long lagMillis,
    OperationError error,
    List<StepStatus> steps,
    List<PhasePassage> history,
    String jobId,
    List<CopyPause> copyPauses) {
  /**
   * The progress of one migration step.
   *
   * @param rowsVerified rows that the newest verification has compared
   * @param verified whether it has compared them all, and none differs
   */
  public record StepStatus(
      String step, long rowsCopied, long rowsReplicated, long rowsVerified, boolean verified) {}

  /** One passage through a phase; the end is null while it lasts. */
  public record PhasePassage(
      Phase phase, Instant startedAt, Instant completedAt, Long durationMillis) {}

  /** Rows copied over all steps. */
  public long rowsCopied() {
    return steps.stream().mapToLong(StepStatus::rowsCopied).sum();
  }

  /** Rows that the newest verification has compared, over all steps. */
  public long rowsVerified() {
    return steps.stream().mapToLong(StepStatus::rowsVerified).sum();
  }

  /** Rows replicated over all steps. */
  public long rowsReplicated() {
    return steps.stream().mapToLong(StepStatus::rowsReplicated).sum();
  }
}
