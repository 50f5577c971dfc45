package io.reshard.core.control;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.OptionalLong;

/**
 * How far the newest attempt of a job has come.
 *
 * @param epoch 0.0 if there was none yet
 * @param frontier empty until every subtask of the attempt has reported
 * @param mismatchedWrites blocks that did not read back as they were read, in this attempt
 */
public record JobPosition(Epoch epoch, OptionalLong frontier, long mismatchedWrites) {
  /** Generation, attempt, frontier and mismatched writes, from the column {@code first} on. */
  static JobPosition of(ResultSet row, int first) throws SQLException {
    Long frontier = row.getObject(first + 2, Long.class);
    return new JobPosition(
        new Epoch(row.getInt(first), row.getInt(first + 1)),
        frontier == null ? OptionalLong.empty() : OptionalLong.of(frontier),
        row.getLong(first + 3));
  }

  /** Whether the job has only gone on since {@code earlier}, and its writers have found nothing. */
  public boolean continues(JobPosition earlier) {
    return epoch.equals(earlier.epoch) && readsBackSince(earlier);
  }

  /** Whether the writers have found nothing since {@code earlier}, if started again or not. */
  public boolean readsBackSince(JobPosition earlier) {
    return mismatchedWrites == (epoch.equals(earlier.epoch) ? earlier.mismatchedWrites : 0);
  }
}
