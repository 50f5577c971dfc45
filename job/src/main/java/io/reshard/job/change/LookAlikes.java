package io.reshard.job.change;

import io.debezium.connector.postgresql.connection.PostgresConnection;
import java.sql.SQLException;
import org.apache.flink.runtime.execution.SuppressRestartsException;

/**
 * Finds tables that Debezium would take for a captured one. When a table first appears in the
 * stream, Debezium looks up its columns by the table's name as a LIKE pattern, in which an
 * underscore stands for any character, and fails on a column that it finds twice.
 */
final class LookAlikes {

  private static final String LOOK_ALIKE =
      """
      SELECT n.nspname || '.' || c.relname
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
       WHERE n.nspname LIKE ? AND c.relname LIKE ?
         AND (n.nspname <> ? OR c.relname <> ?)
         AND c.relkind IN ('r', 'p', 'v', 'f', 'm')
         AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (?)
       LIMIT 1
      """;

  private LookAlikes() {}

  /**
   * Requires that there is no such table.
   *
   * @throws SuppressRestartsException if there is one, naming it
   */
  static void refuse(PostgresConnection connection, CapturedTable table) throws SQLException {
    String found =
        connection.prepareQueryAndMap(
            LOOK_ALIKE,
            statement -> {
              Object[] columns = table.keyColumns().stream().map(KeyColumn::name).toArray();
              statement.setString(1, table.schema());
              statement.setString(2, table.table());
              statement.setString(3, table.schema());
              statement.setString(4, table.table());
              statement.setArray(5, statement.getConnection().createArrayOf("text", columns));
            },
            result -> result.next() ? result.getString(1) : null);
    if (found != null) {
      throw ChangeCaptureException.forGood(
          ("The changes of %s cannot be captured while there is %s, which has a key column of the"
                  + " same name: the connector matches names as LIKE patterns, and takes it for the"
                  + " same table. Rename it")
              .formatted(table, found));
    }
  }
}
