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
          ErrorCode.FLINK_UNAVAILABLE,
          ErrorCode.STATE_STORE_FAILED,
          ErrorCode.SLOT_CREATION_BLOCKED);

  private Failures() {}

  static boolean retryable(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        return SqlStates.retryable(sql);
      }
    }
    return failure instanceof ReshardingException own && PASSING.contains(own.errorCode());
  }

  /** {@code failure} itself if it is coded, else an {@code internal} error around it. */
  static ReshardingException coded(Throwable failure) {
    return failure instanceof ReshardingException own
        ? own
        : new ReshardingException(ErrorCode.INTERNAL, String.valueOf(failure), failure);
  }
}
