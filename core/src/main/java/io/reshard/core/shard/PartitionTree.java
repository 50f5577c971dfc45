package io.reshard.core.shard;

import io.reshard.core.plan.PlannedTable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A table and, if it is partitioned, all its partitions. Triggers for each row come to partitions
 * with those of the root; triggers for each statement fire on the table alone that it names.
 */
public final class PartitionTree {
  private static final String MEMBERS =
      """
      SELECT relid::text FROM (SELECT to_regclass(?) AS relid, 0 AS level
        UNION SELECT relid, level FROM pg_partition_tree(to_regclass(?))) AS tree
      WHERE relid IS NOT NULL ORDER BY level, 1
      """;

  private PartitionTree() {}

  /**
   * The quoted names, the root first, since writers lock them in that order as well; none if the
   * table is not there.
   */
  public static List<String> members(Connection connection, PlannedTable table)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(MEMBERS)) {
      query.setString(1, table.quotedName());
      query.setString(2, table.quotedName());
      List<String> members = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          members.add(row.getString(1));
        }
      }
      return members;
    }
  }
}
