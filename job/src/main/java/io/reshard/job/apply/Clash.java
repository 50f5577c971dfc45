package io.reshard.job.apply;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.TableRouting;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Two rows that a unique index does not let stand together.
 *
 * @param staged the key of the row that is to be written
 * @param other the key of the row in its way
 * @param owner ordinal of the shard that owns the other row under the old topology
 */
record Clash(UniqueIndex index, List<String> staged, List<String> other, int owner) {
  /** The clashes between the rows of {@code staged} and those of {@code other}. */
  static List<Clash> find(
      Connection connection,
      Plan plan,
      PlannedTable table,
      UniqueIndex index,
      String staged,
      String other)
      throws SQLException {
    String sql =
        "SELECT s.row_key, o.row_key, o.row_owner FROM (%s) AS s JOIN (%s) AS o ON %s"
            .formatted(
                side(plan, table, index, staged),
                side(plan, table, index, other),
                index.clash("s", "o"));
    List<Clash> clashes = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        clashes.add(new Clash(index, key(row, 1), key(row, 2), row.getInt(3)));
      }
    }
    return clashes;
  }

  /** The rows of {@code table} of which the index would allow one only, by their owners. */
  static Map<Integer, Set<List<String>>> duplicates(
      Connection connection, Plan plan, PlannedTable table, UniqueIndex index) throws SQLException {
    String sql =
        "SELECT row_key, row_owner FROM (SELECT *, count(*) OVER (PARTITION BY %s) AS alike"
                .formatted(index.names())
            + " FROM (%s) AS a) AS b WHERE alike > 1 AND %s"
                .formatted(side(plan, table, index, table.quotedName()), index.clash("b", "b"));
    Map<Integer, Set<List<String>>> duplicates = new TreeMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        duplicates.computeIfAbsent(row.getInt(2), owner -> new LinkedHashSet<>()).add(key(row, 1));
      }
    }
    return duplicates;
  }

  private static List<String> key(ResultSet row, int column) throws SQLException {
    return List.of((String[]) row.getArray(column).getArray());
  }

  /** Every relation goes by the table's own name, which an index over whole rows would use. */
  private static String side(Plan plan, PlannedTable table, UniqueIndex index, String relation) {
    String alias = Sql.identifier(table.name());
    TableRouting routing = plan.oldRouting(table, alias);
    return "SELECT %s AS row_key, %s AS row_owner, %s FROM %s AS %s %s WHERE %s"
        .formatted(
            keyArray(table, alias),
            routing.owner(plan::shardOrdinal),
            index.columns(),
            relation,
            alias,
            routing.ownersJoin(plan::shardOrdinal),
            index.predicate());
  }

  private static String keyArray(PlannedTable table, String alias) {
    return table.primaryKey().stream()
        .map(column -> alias + "." + Sql.identifier(column) + "::text")
        .collect(Collectors.joining(", ", "ARRAY[", "]"));
  }
}
