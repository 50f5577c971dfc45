package io.reshard.core.shard;

import io.reshard.core.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The heartbeat row of one operation on one source. Its numbers are consecutive; its values only
 * grow, and follow the source's clock in milliseconds since 1970. The row's lock makes the order of
 * values the order of commits, whoever writes them.
 */
public final class Heartbeat {
  private static final String BEAT =
      "UPDATE reshard.heartbeat SET number = number + 1, value = greatest(value + 1, ?,"
          + " (extract(epoch from clock_timestamp()) * 1000)::bigint)"
          + " WHERE operation_id = ? RETURNING number, value";

  /** The SQLState of an error of ours: there is no row to update. */
  private static final String MISSING = "RS002";

  private Heartbeat() {}

  /** Whether {@code error} says that the source has no heartbeat of the operation. */
  public static boolean isMissing(SQLException error) {
    return MISSING.equals(error.getSQLState())
        || SqlStates.UNDEFINED_TABLE.equals(error.getSQLState());
  }

  /** One beat. */
  public record Beat(long number, long value) {}

  /** Makes the row if it is not there and returns its number. */
  public static long register(Connection connection, String operationId) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO reshard.heartbeat (operation_id, number, value) VALUES (?, 0, 0)"
                + " ON CONFLICT (operation_id) DO UPDATE SET number = heartbeat.number"
                + " RETURNING number")) {
      insert.setString(1, operationId);
      try (ResultSet row = insert.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  /** Beats once in the connection's current transaction. */
  public static Beat beat(Connection connection, String operationId) throws SQLException {
    return beatAtLeast(connection, operationId, 0);
  }

  /** Beats once with a value of at least {@code floor}. */
  public static Beat beatAtLeast(Connection connection, String operationId, long floor)
      throws SQLException {
    try (PreparedStatement update = connection.prepareStatement(BEAT)) {
      update.setLong(1, floor);
      update.setString(2, operationId);
      try (ResultSet row = update.executeQuery()) {
        if (!row.next()) {
          throw new SQLException(
              "the heartbeat row of operation " + operationId + " is missing", MISSING);
        }
        return new Beat(row.getLong(1), row.getLong(2));
      }
    }
  }
}
