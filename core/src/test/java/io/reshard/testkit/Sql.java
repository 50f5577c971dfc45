package io.reshard.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** The two things that SQL text needs everywhere: quoting and running. */
final class Sql {
  private Sql() {}

  static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  static String literal(String value) {
    return '\'' + value.replace("'", "''") + '\'';
  }

  /** Returns the number of rows changed. */
  static long execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.executeLargeUpdate(sql);
    }
  }
}
