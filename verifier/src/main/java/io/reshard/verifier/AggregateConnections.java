package io.reshard.verifier;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.apache.flink.connector.jdbc.datasource.connections.JdbcConnectionProvider;

/**
 * Lets one JDBC source read all shards: the connection that it gets stands for every shard of one
 * side, and each execution goes to the shard that its parameters name. With a source per shard and
 * table, a topology of some hundred shards would be a job of thousands of operators.
 *
 * <p>What is closed by those who use the connection stays open for the next; {@link #release} ends
 * it. One of them may still be closing, in a thread of its own, when the next one starts.
 */
final class AggregateConnections implements JdbcConnectionProvider {
  private static final long serialVersionUID = 1L;

  private final transient Verification verification;
  private final transient Side side;
  private final transient ShardSessions sessions;
  private final transient StopSignal stop;
  private final transient ReadingTurns turns;
  private final transient Connection connection;

  AggregateConnections(Verification verification, Side side) {
    this.verification = verification;
    this.side = side;
    this.sessions = new ShardSessions(verification);
    this.stop = new StopSignal(verification);
    this.turns = new ReadingTurns(verification, stop);
    this.connection =
        (Connection)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Connection.class},
                (proxy, method, arguments) -> connectionCall(method.getName()));
  }

  /** The few calls that the source's reader makes. */
  private Object connectionCall(String method) {
    return switch (method) {
      case "prepareStatement" -> statement();
      case "getAutoCommit" -> true;
      case "isClosed" -> false;
      case "setAutoCommit", "close" -> null;
      default -> throw new UnsupportedOperationException("Connection." + method);
    };
  }

  private PreparedStatement statement() {
    AggregateStatement statement = new AggregateStatement(verification, side, sessions, turns);
    return (PreparedStatement)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {PreparedStatement.class},
            (proxy, method, arguments) -> statement.call(method.getName(), arguments));
  }

  @Override
  public Connection getConnection() {
    return connection;
  }

  @Override
  public boolean isConnectionValid() {
    return true;
  }

  @Override
  public Connection getOrEstablishConnection() {
    return connection;
  }

  @Override
  public Connection reestablishConnection() {
    return connection;
  }

  @Override
  public void closeConnection() {
    // The next split is read on the same sessions.
  }

  @Override
  public void close() {
    // As above.
  }

  /** Nothing more is to be read; who waits for a turn waits no longer. */
  void abandon() {
    turns.abandon();
  }

  /** Ends the sessions, and with them what may still be read. */
  void release() throws SQLException {
    sessions.close();
    turns.close();
    stop.close();
  }
}
