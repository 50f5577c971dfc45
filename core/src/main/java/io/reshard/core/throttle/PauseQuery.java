package io.reshard.core.throttle;

import io.reshard.core.control.Throttle;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Asks the operator's query on a shard and the targets of its rows. Not thread-safe. */
final class PauseQuery implements AutoCloseable {
  private static final int TIMEOUT_SECONDS = 10;

  private final Plan plan;
  private final Secrets secrets;
  private final List<String> shards;
  private final Map<String, Connection> sessions = new HashMap<>();

  PauseQuery(Plan plan, Secrets secrets, String shard) {
    this.plan = plan;
    this.secrets = secrets;
    this.shards = Stream.concat(Stream.of(shard), plan.targetsOf(shard).stream()).toList();
  }

  /** Why reading has to wait, if it has to. A query that fails is a reason too. */
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
      session = plan.endpoint(shard, secrets).connect("reshard " + plan.planId() + " throttle");
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
