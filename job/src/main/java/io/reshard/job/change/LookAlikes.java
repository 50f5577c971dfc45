package io.reshard.job.change;

import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.shard.CaptureNames;
import java.sql.SQLException;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/** Refuses tables that Debezium would take for a captured one. */
final class LookAlikes {

  private LookAlikes() {}

  /**
   * Requires that there is no such table.
   *
   * @throws SuppressRestartsException if there is one, naming it
   */
  static void refuse(PostgresConnection connection, CapturedTable table) throws SQLException {
    String found =
        connection.prepareQueryAndMap(
            CaptureNames.LOOK_ALIKES,
            statement -> {
              Object[] columns = table.keyColumns().stream().map(KeyColumn::name).toArray();
              statement.setString(1, table.schema());
              statement.setString(2, table.table());
              statement.setArray(3, statement.getConnection().createArrayOf("text", columns));
            },
            result -> result.next() ? result.getString(1) : null);
    if (found != null) {
      throw ChangeCaptureException.forGood(
          ErrorCode.PREFLIGHT_FAILED,
          ("The changes of %s cannot be captured while there is %s, which has a key column of the"
                  + " same name: the connector matches names as LIKE patterns, and takes it for the"
                  + " same table. Rename it")
              .formatted(table, found));
    }
  }
}
