package io.reshard.verifier;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import org.apache.flink.connector.jdbc.datasource.connections.JdbcConnectionProvider;

/**
 * Lets one JDBC source read all shards: the connection that it gets stands for every shard of one
 * side, and each execution goes to the shard that its parameters name. With a source per shard and
 * table, a topology of some hundred shards would be a job of thousands of operators.
 */
final class AggregateConnections implements JdbcConnectionProvider {
  private static final long serialVersionUID = 1L;

  private final Verification verification;
  private final Side side;
  private transient ShardSessions sessions;
  private transient Connection connection;

  AggregateConnections(Verification verification, Side side) {
    this.verification = verification;
    this.side = side;
  }

  @Override
  public Connection getConnection() {
    return connection;
  }

  @Override
  public boolean isConnectionValid() {
    return connection != null;
  }

  @Override
  public Connection getOrEstablishConnection() {
    if (connection == null) {
      sessions = new ShardSessions(verification);
      connection =
          (Connection)
              Proxy.newProxyInstance(
                  getClass().getClassLoader(),
                  new Class<?>[] {Connection.class},
                  (proxy, method, arguments) -> connectionCall(method.getName()));
    }
    return connection;
  }

  /** The few calls that the source's reader makes. */
  private Object connectionCall(String method) {
    return switch (method) {
      case "prepareStatement" -> statement();
      case "getAutoCommit" -> true;
      case "isClosed" -> sessions == null;
      case "setAutoCommit" -> null;
      case "close" -> {
        closeConnection();
        yield null;
      }
      default -> throw new UnsupportedOperationException("Connection." + method);
    };
  }

  private PreparedStatement statement() {
    AggregateStatement statement = new AggregateStatement(verification, side, sessions);
    return (PreparedStatement)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {PreparedStatement.class},
            (proxy, method, arguments) -> statement.call(method.getName(), arguments));
  }

  @Override
  public void closeConnection() {
    if (sessions != null) {
      sessions.close();
    }
    sessions = null;
    connection = null;
  }

  @Override
  public Connection reestablishConnection() {
    closeConnection();
    return getOrEstablishConnection();
  }

  @Override
  public void close() {
    closeConnection();
  }
}
