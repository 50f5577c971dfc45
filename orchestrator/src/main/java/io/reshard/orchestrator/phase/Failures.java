package io.reshard.orchestrator.phase;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.SqlStates;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.Set;

/** Tells the errors that pass by themselves from those that a person must mend. */
final class Failures {
  // What these say may be over in a minute, unless an SQLState among the causes says otherwise.
  private static final Set<ErrorCode> PASSING =
      EnumSet.of(
          ErrorCode.SOURCE_UNAVAILABLE,
          ErrorCode.TARGET_UNAVAILABLE,
          ErrorCode.DISK_FULL,
          ErrorCode.FLINK_UNAVAILABLE,
          ErrorCode.STATE_STORE_FAILED,
          ErrorCode.SLOT_CREATION_BLOCKED);

  // After these the original topology is in force again. Another attempt is another outage, so a
  // person decides about it.
  private static final Set<ErrorCode> FINAL =
      EnumSet.of(ErrorCode.CUTOVER_ABORTED, ErrorCode.CUTOVER_TIMEOUT, ErrorCode.CUTOVER_FAILED);

  private Failures() {}

  static boolean retryable(Throwable failure) {
    if (failure instanceof ReshardingException own && FINAL.contains(own.errorCode())) {
      return false;
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return SqlStates.retryable(sql);
      }
    }
    return failure instanceof ReshardingException own && PASSING.contains(own.errorCode());
  }

  /** Whether an SQLException with {@code sqlState} is among the causes. */
  static boolean hasState(Throwable failure, String sqlState) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sqlState.equals(sql.getSQLState())) {
        return true;
      }
    }
    return false;
  }

  /** {@code failure} itself if it is coded, else an {@code internal} error around it. */
  static ReshardingException coded(Throwable failure) {
    return failure instanceof ReshardingException own
        ? own
        : new ReshardingException(ErrorCode.INTERNAL, String.valueOf(failure), failure);
  }
}
