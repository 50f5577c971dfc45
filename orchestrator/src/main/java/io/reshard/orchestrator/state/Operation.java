package io.reshard.orchestrator.state;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.time.Instant;

/**
 * One operation as the control database has it, without its plan. {@code lastCompletedPhase},
 * {@code error}, {@code jobId}, {@code checkpointPath}, {@code driver} and {@code holdAfter} may be
 * null. {@code version} grows with every change.
 *
 * @param driverToken grows with every process that takes the right to drive it
 * @param holdAfter the phase behind which it waits for a person
 */
public record Operation(
    String id,
    Phase phase,
    Phase lastCompletedPhase,
    OperationError error,
    String jobId,
    String checkpointPath,
    String driver,
    Phase holdAfter,
    Instant startedAt,
    Instant updatedAt,
    long driverToken,
    long version) {
  /** Whether the current phase is done and the next one has not been entered. */
  public boolean phaseCompleted() {
    return phase == lastCompletedPhase;
  }

  /** Whether a person wanted it to stop where it is. */
  public boolean held() {
    return holdAfter != null
        && lastCompletedPhase != null
        && lastCompletedPhase.compareTo(holdAfter) >= 0;
  }

  /** The phase to go on with after an interruption or a failure. */
  public Phase resumePhase() {
    return phase == Phase.FAILED || phaseCompleted() ? Phase.after(lastCompletedPhase) : phase;
  }

  /**
   * Itself, for the driver with {@code token}; {@code concurrent_resharding_not_allowed} if another
   * process has taken the right to drive since.
   */
  public Operation requireToken(long token) {
    if (driverToken != token) {
      throw takenOver(id, driver);
    }
    return this;
  }

  static ReshardingException takenOver(String id, String driver) {
    return new ReshardingException(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
        "operation "
            + id
            + " has been taken over from this process, by "
            + driver
            + "; 'reshard status' says where it is");
  }
}
