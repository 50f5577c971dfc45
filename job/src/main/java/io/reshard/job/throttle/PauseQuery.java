package io.reshard.job.throttle;

import io.reshard.core.control.Throttle;
import io.reshard.job.Migration;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Asks the operator's query on a source and its targets. Not thread-safe. */
final class PauseQuery implements AutoCloseable {
  private static final int TIMEOUT_SECONDS = 10;

  private final Migration migration;
  private final List<String> shards;
  private final Map<String, Connection> sessions = new HashMap<>();

  PauseQuery(Migration migration, String source) {
    this.migration = migration;
    this.shards =
        Stream.concat(Stream.of(source), migration.plan().targetsOf(source).stream()).toList();
  }

  /** Why the copy has to wait, if it has to. A query that fails is a reason too. */
  Optional<String> reason(Throttle throttle) {
    return shards.stream().flatMap(shard -> reason(throttle, shard).stream()).findFirst();
  }

  private Optional<String> reason(Throttle throttle, String shard) {
    try (Statement statement = session(shard).createStatement()) {
      statement.setQueryTimeout(TIMEOUT_SECONDS);
      try (ResultSet row = statement.executeQuery(throttle.pauseQuery())) {
        // No row, or null: a server without replicas has no lag.
        double number = row.next() ? row.getDouble(1) : 0;
        return row.wasNull() || number <= throttle.pauseAbove()
            ? Optional.empty()
            : Optional.of(
                "the pause query gives %s on %s, above %s"
                    .formatted(number, shard, throttle.pauseAbove()));
      }
    } catch (SQLException e) {
      return Optional.of("the pause query failed on %s: %s".formatted(shard, e.getMessage()));
    }
  }

  private Connection session(String shard) throws SQLException {
    Connection session = sessions.get(shard);
    if (session == null || session.isClosed()) {
      session =
          migration.endpoint(shard).connect("reshard " + migration.operationId() + " throttle");
      session.setReadOnly(true);
      sessions.put(shard, session);
    }
    return session;
  }

  @Override
  public void close() throws SQLException {
    for (Connection session : sessions.values()) {
      session.abort(Runnable::run);
    }
    sessions.clear();
  }
}
