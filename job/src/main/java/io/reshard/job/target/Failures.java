package io.reshard.job.target;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.SqlStates;
import java.sql.SQLException;
import java.util.Set;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/** Tells failures that a restart may mend from those that only a person can. */
public final class Failures {
  private static final Set<ErrorCode> FOR_GOOD =
      Set.of(
          ErrorCode.INVALID_ARGUMENTS,
          ErrorCode.EPOCH_SUPERSEDED,
          ErrorCode.CHANGES_MISSING,
          ErrorCode.SLOT_MISSING,
          ErrorCode.SCHEMA_CHANGED,
          ErrorCode.KEY_COLLISION,
          ErrorCode.STRAY_ROW);

  private Failures() {}

  /** What to throw out of an operator for {@code error}: Flink restarts the job, or does not. */
  public static RuntimeException of(ReshardingException error) {
    return FOR_GOOD.contains(error.errorCode()) ? new SuppressRestartsException(error) : error;
  }

  /** The code for what a target says: {@code otherwise}, unless its disk is full. */
  public static ErrorCode code(SQLException error, ErrorCode otherwise) {
    return SqlStates.DISK_FULL.equals(error.getSQLState()) ? ErrorCode.DISK_FULL : otherwise;
  }
}
