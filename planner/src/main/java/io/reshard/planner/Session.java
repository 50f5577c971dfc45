package io.reshard.planner;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.routing.RoutingFunctions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.copy.CopyOut;

/**
 * A read-only session of the planner on one shard. Its settings are pinned, so that catalog
 * functions write every name with its schema and values have one text form wherever they are read.
 * Not thread-safe.
 */
final class Session implements AutoCloseable {
  /** Beyond the server's own timeout: for a server that no longer answers at all. */
  private static final int SOCKET_GRACE_SECONDS = 30;

  /** Where {@link #createRoutingFunctions} makes them: they vanish with the session. */
  static final String TEMPORARY_SCHEMA = "pg_temp";

  private static final String SETTINGS =
      """
      SET search_path = '';
      SET datestyle = 'ISO, MDY';
      SET timezone = 'UTC';
      SET bytea_output = 'hex';
      SET extra_float_digits = 1;
      SET row_security = off;
      SET lock_timeout = '10s';
      SET default_transaction_read_only = on;
      """;

  private final Connection connection;

  private Session(Connection connection) {
    this.connection = connection;
  }

  /** Opens a session whose statements end after {@code timeout}. */
  static Session open(Endpoint endpoint, Duration timeout) throws SQLException {
    Properties properties = new Properties();
    PGProperty.SOCKET_TIMEOUT.set(
        properties, Math.toIntExact(timeout.toSeconds() + SOCKET_GRACE_SECONDS));
    Connection connection = endpoint.connect("reshard plan", properties);
    try (Statement statement = connection.createStatement()) {
      statement.execute(SETTINGS + "SET statement_timeout = " + timeout.toMillis());
      return new Session(connection);
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** Planning changes nothing on a shard, so the functions are made for this session alone. */
  void createRoutingFunctions() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET default_transaction_read_only = off");
      statement.execute(RoutingFunctions.statements(TEMPORARY_SCHEMA));
      statement.execute("SET default_transaction_read_only = on");
    }
  }

  /** Sets what the text forms of values depend on, as row hashes need it. */
  void prepareRowHash() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(RowHash.SESSION);
    }
  }

  /** Reads one row of a result. */
  @FunctionalInterface
  interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  <T> List<T> list(String sql, RowReader<T> reader, Object... parameters) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      for (int index = 0; index < parameters.length; index++) {
        query.setObject(index + 1, parameters[index]);
      }
      List<T> rows = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          rows.add(reader.read(row));
        }
      }
      return rows;
    }
  }

  /**
   * The rows of a result that need not fit into memory, fetched so many at a time. The session is
   * in a transaction from now on, in which each statement has a snapshot of its own.
   */
  ResultSet stream(String sql, int fetchSize) throws SQLException {
    connection.setAutoCommit(false);
    Statement statement = connection.createStatement();
    statement.closeOnCompletion();
    statement.setFetchSize(fetchSize);
    return statement.executeQuery(sql);
  }

  /** Reads the result of a COPY to its end and returns how many bytes it had. */
  long copyOut(String copy) throws SQLException {
    CopyOut out = connection.unwrap(PGConnection.class).getCopyAPI().copyOut(copy);
    long bytes = 0;
    for (byte[] data = out.readFromCopy(); data != null; data = out.readFromCopy()) {
      bytes += data.length;
    }
    return bytes;
  }

  /** The first row, or nothing. */
  <T> Optional<T> first(String sql, RowReader<T> reader, Object... parameters) throws SQLException {
    return list(sql, reader, parameters).stream().findFirst();
  }

  /** The only row; a query that gives none is an error. */
  <T> T one(String sql, RowReader<T> reader, Object... parameters) throws SQLException {
    return first(sql, reader, parameters)
        .orElseThrow(() -> new SQLException("the query gave no row: " + sql));
  }

  /** Whether the query gives any row. */
  boolean any(String sql, Object... parameters) throws SQLException {
    return first(sql, row -> true, parameters).isPresent();
  }

  /** An array parameter. */
  java.sql.Array textArray(List<String> values) throws SQLException {
    return connection.createArrayOf("text", values.toArray());
  }

  /** The strings of the first column, which is a text[]; empty for null. */
  static List<String> strings(ResultSet row, String column) throws SQLException {
    java.sql.Array array = row.getArray(column);
    return array == null ? List.of() : List.of((String[]) array.getArray());
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
