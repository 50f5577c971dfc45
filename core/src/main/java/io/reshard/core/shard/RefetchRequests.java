package io.reshard.core.shard;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/**
 * Requests to a running job, in the table {@code reshard.refetch} of a target, to fetch rows again
 * from their source. The job deletes a request in the transaction that meets it.
 */
public final class RefetchRequests {
  private RefetchRequests() {}

  /**
   * Asks for one row; does nothing if that is asked for already.
   *
   * @param table ordinal of the table in the plan
   * @param source ordinal of the shard that owned the row under the old topology
   * @param key the primary key's values in PostgreSQL's text form
   */
  public static void add(
      Connection target, String operationId, int table, int source, List<String> key)
      throws SQLException {
    try (PreparedStatement insert =
        target.prepareStatement(
            "INSERT INTO reshard.refetch (operation_id, table_number, source, key)"
                + " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")) {
      insert.setString(1, operationId);
      insert.setInt(2, table);
      insert.setInt(3, source);
      insert.setArray(4, target.createArrayOf("text", key.toArray()));
      insert.executeUpdate();
    }
  }

  /** Whether every request has been met. */
  public static boolean areMet(Connection target, String operationId) throws SQLException {
    try (PreparedStatement query =
        target.prepareStatement(
            "SELECT NOT EXISTS (SELECT FROM reshard.refetch WHERE operation_id = ?)")) {
      query.setString(1, operationId);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }
}
