package io.reshard.testkit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The columns of a table, by name: their order in the table does not matter, their types do. */
record TableShape(ComparedTable table, Map<String, String> columnTypes) {
  private static final String COLUMNS =
      """
            SELECT attname, pg_catalog.format_type(atttypid, atttypmod)
            FROM pg_catalog.pg_attribute
            WHERE attrelid = ?::regclass AND attnum > 0 AND NOT attisdropped""";

  static TableShape of(Connection connection, ComparedTable table) throws SQLException {
    Map<String, String> types = new TreeMap<>();
    try (PreparedStatement statement = connection.prepareStatement(COLUMNS)) {
      statement.setString(1, table.name());
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          types.put(rows.getString(1), rows.getString(2));
        }
      }
    }
    for (String column : table.key()) {
      if (!types.containsKey(column)) {
        throw new IllegalArgumentException(
            "table " + table.name() + " has no key column " + column);
      }
    }
    return new TableShape(table, types);
  }

  /** Key values, digest; in the order of the key. */
  String rowsQuery(String ownership) {
    String keys = table.key().stream().map(this::keyValue).collect(Collectors.joining(", "));
    String columns =
        columnTypes.keySet().stream().map(Sql::identifier).collect(Collectors.joining(", "));
    String order = table.key().stream().map(this::keyOrder).collect(Collectors.joining(", "));
    return "SELECT "
        + keys
        + ", md5(ROW("
        + columns
        + ")::text) FROM "
        + table.name()
        + " WHERE "
        + ownership
        + " ORDER BY "
        + order;
  }

  String countQuery() {
    return "SELECT count(*) FROM " + table.name();
  }

  String strayKeysQuery(String ownership, int limit) {
    String keys =
        table.key().stream()
            .map(column -> Sql.identifier(column) + "::text")
            .collect(Collectors.joining(", "));
    return "SELECT "
        + keys
        + " FROM "
        + table.name()
        + " WHERE ("
        + ownership
        + ") IS NOT TRUE LIMIT "
        + limit;
  }

  boolean isInteger(String column) {
    return switch (columnTypes.get(column)) {
      case "smallint", "integer", "bigint" -> true;
      default -> false;
    };
  }

  private String keyValue(String column) {
    return Sql.identifier(column) + (isInteger(column) ? "::bigint" : "::text");
  }

  /** Integers in their own order, so that the primary key's index can deliver it. */
  private String keyOrder(String column) {
    return Sql.identifier(column) + (isInteger(column) ? "" : "::text COLLATE \"C\"");
  }
}
