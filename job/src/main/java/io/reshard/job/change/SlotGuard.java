package io.reshard.job.change;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.reshard.core.error.ErrorCode;
import java.sql.SQLException;
import org.apache.flink.runtime.execution.SuppressRestartsException;

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
   * Requires that the slot exists and does not stand further than what was delivered.
   *
   * @param position up to where everything was delivered, or 0 if that is not known
   * @throws SuppressRestartsException if one of the two is not so
   */
  static void requireSlot(
      PostgresConnection connection, ChangeSourceSettings settings, long position)
      throws SQLException {
    String confirmed =
        connection.prepareQueryAndMap(
            SLOT_POSITION,
            statement -> statement.setString(1, settings.slot()),
            result -> result.next() ? result.getString(1) : null);
    if (confirmed == null) {
      throw missing(settings);
    }
    if (position != 0 && Lsn.valueOf(confirmed).compareTo(Lsn.valueOf(position)) > 0) {
      throw ChangeCaptureException.forGood(
          ErrorCode.CHANGES_MISSING,
          ("The slot stands at %s, further than the restored state, which ends at %s. The changes"
                  + " between are lost to this state: restore a later savepoint, or start the"
                  + " operation anew (%s)")
              .formatted(confirmed, Lsn.valueOf(position).asString(), settings));
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
