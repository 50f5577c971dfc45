package io.reshard.verifier;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * A statement that reads the aggregates that its parameter, a {@link Reading} as JSON, asks for.
 * For one thread.
 */
final class AggregateStatement {
  /** What is read after somebody wanted the verification to stop. */
  private static final String NOTHING = "SELECT (?::text[])[1] LIMIT 0";

  private final Verification verification;
  private final Side side;
  private final ShardSessions sessions;
  private final ReadingTurns turns;
  private String parameter = "";
  private PreparedStatement delegate;

  AggregateStatement(
      Verification verification, Side side, ShardSessions sessions, ReadingTurns turns) {
    this.verification = verification;
    this.side = side;
    this.sessions = sessions;
    this.turns = turns;
  }

  /** The few calls that the source's reader makes. */
  Object call(String method, Object[] arguments) throws SQLException {
    switch (method) {
      case "setObject" -> parameter = (String) arguments[1];
      case "setFetchSize" -> {
        // A result is a few rows.
      }
      case "executeQuery" -> {
        return execute();
      }
      case "isClosed" -> {
        return delegate == null;
      }
      case "close" -> close();
      default -> throw new UnsupportedOperationException("PreparedStatement." + method);
    }
    return null;
  }

  private ResultSet execute() throws SQLException {
    Reading reading = Reading.parse(parameter);
    if (!turns.begin(reading.shard())) {
      return query(reading, NOTHING);
    }
    String sql = new AggregateSql(verification.plan(), verification.mode(), side, reading).text();
    try {
      return query(reading, sql);
    } finally {
      turns.end(
          reading.shard(),
          reading.estimatedBytes(verification.plan().tables().get(reading.range().table())));
    }
  }

  private ResultSet query(Reading reading, String sql) {
    return sessions.scan(
        side,
        reading.shard(),
        connection -> {
          delegate = connection.prepareStatement(sql);
          delegate.setArray(
              1,
              connection.createArrayOf(
                  "text", reading.stretches().stream().map(Stretch::json).toArray()));
          return delegate.executeQuery();
        });
  }

  private void close() throws SQLException {
    if (delegate != null) {
      delegate.close();
      delegate = null;
    }
  }
}
