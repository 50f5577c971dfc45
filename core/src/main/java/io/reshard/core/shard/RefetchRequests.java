package io.reshard.core.shard;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;

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

  /**
   * Asks for every row that lies on {@code target} although it moved from {@code source} to another
   * shard: the job finds none at the source that is to come here, and deletes it here. What the
   * target owned before is no such row. Reads the whole table. Returns how many rows there are that
   * were not asked for already.
   */
  public static int addStrays(
      Connection connection, Plan plan, int table, String source, String target)
      throws SQLException {
    PlannedTable one = plan.tables().get(table);
    String key =
        one.primaryKey().stream()
            .map(column -> "t." + Sql.identifier(column) + "::text")
            .collect(Collectors.joining(", "));
    String insert =
        "INSERT INTO reshard.refetch (operation_id, table_number, source, key)"
            + " SELECT ?, ?, ?, ARRAY["
            + key
            + "] FROM "
            + one.quotedName()
            + " AS t WHERE "
            + plan.movedIn(one, "t", source, target)
            + " AND "
            + plan.newRouting(one, "t").strayOn(target)
            + " ON CONFLICT DO NOTHING";
    try (Statement settings = connection.createStatement();
        PreparedStatement statement = connection.prepareStatement(insert)) {
      settings.execute(RowHash.SESSION);
      statement.setString(1, plan.planId());
      statement.setInt(2, table);
      statement.setInt(3, plan.shardOrdinal(source));
      return statement.executeUpdate();
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
