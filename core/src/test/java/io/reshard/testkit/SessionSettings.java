package io.reshard.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Pins every session setting that the text form of a row depends on, so that the same row has the
 * same digest on any server (PostgreSQL manual, "Client Connection Defaults").
 */
final class SessionSettings {
  private static final String PIN =
      """
            SET DateStyle = 'ISO, YMD';
            SET IntervalStyle = 'postgres';
            SET TimeZone = 'UTC';
            SET extra_float_digits = 1;
            SET bytea_output = 'hex';
            SET xmloption = 'content';
            SET lc_monetary = 'C';
            SET row_security = off;
            SET search_path = pg_catalog""";

  private SessionSettings() {}

  /**
   * The settings last for the session. The connection must be in autocommit mode, or a rollback
   * takes them back.
   */
  static void pin(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(PIN);
    }
  }
}
