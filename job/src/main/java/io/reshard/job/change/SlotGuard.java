package io.reshard.job.change;

import io.reshard.core.error.ErrorCode;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.postgresql.replication.LogSequenceNumber;

/**
 * Checks on a shard, before it is read, that the stream will be complete. The connector would
 * create a missing slot and go on, and PostgreSQL goes on from the slot's position whatever
 * position it is asked for.
 */
final class SlotGuard {

  private static final String SLOT_POSITION =
      """
      SELECT confirmed_flush_lsn
        FROM pg_catalog.pg_replication_slots
       WHERE slot_name = ? AND plugin = 'pgoutput' AND database = current_database()
      """;

  private SlotGuard() {}

  /**
   * Where the slot stands: everything before this log sequence number was confirmed.
   *
   * @throws SuppressRestartsException if there is no such slot
   */
  static long position(ChangeSourceSettings settings) {
    try (Connection connection = settings.endpoint().connect("reshard changes");
        PreparedStatement statement = connection.prepareStatement(SLOT_POSITION)) {
      statement.setString(1, settings.slot());
      try (ResultSet row = statement.executeQuery()) {
        String confirmed = row.next() ? row.getString(1) : null;
        if (confirmed == null) {
          throw missing(settings);
        }
        return LogSequenceNumber.valueOf(confirmed).asLong();
      }
    } catch (SQLException e) {
      throw new ChangeCaptureException("Cannot look up the slot of " + settings, e);
    }
  }

  /**
   * Requires that the slot exists and does not stand further than what was delivered.
   *
   * @param delivered up to where everything was delivered
   * @throws SuppressRestartsException if one of the two is not so
   */
  static void requireSlot(ChangeSourceSettings settings, long delivered) {
    long confirmed = position(settings);
    if (Long.compareUnsigned(confirmed, delivered) > 0) {
      throw ChangeCaptureException.forGood(
          ErrorCode.CHANGES_MISSING,
          ("The slot stands at %s, further than the restored state, which ends at %s. The changes"
                  + " between are lost to this state: restore a later savepoint, or start the"
                  + " operation anew (%s)")
              .formatted(
                  LogSequenceNumber.valueOf(confirmed).asString(),
                  LogSequenceNumber.valueOf(delivered).asString(),
                  settings));
    }
  }

  static SuppressRestartsException missing(ChangeSourceSettings settings) {
    return ChangeCaptureException.forGood(
        ErrorCode.SLOT_MISSING,
        ("The slot does not exist, or is not one of pgoutput in this database. It is made once,"
                + " when the operation starts; changes made since it was lost cannot be captured,"
                + " so start the operation anew (%s)")
            .formatted(settings));
  }
}
