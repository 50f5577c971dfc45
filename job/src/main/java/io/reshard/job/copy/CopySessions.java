package io.reshard.job.copy;

import io.reshard.core.postgres.Endpoint;
import io.reshard.core.shard.Replica;
import io.reshard.job.Migration;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/** The sessions that one subtask reads splits in, one per source. Used by one thread. */
final class CopySessions implements AutoCloseable {
  private final Migration migration;
  private final String application;
  private final Map<String, Connection> sessions = new HashMap<>();

  CopySessions(Migration migration, int subtask) {
    this.migration = migration;
    this.application = "reshard " + migration.operationId() + " reader " + subtask;
  }

  /** The session on a source, or on its replica once that has what the copy must see. */
  Connection of(String source) throws SQLException {
    Connection session = sessions.get(source);
    if (session == null || session.isClosed()) {
      session = open(source);
      sessions.put(source, session);
    }
    return session;
  }

  private Connection open(String source) throws SQLException {
    Endpoint primary = migration.endpoint(source);
    Replica replica = migration.replica(source).map(Replica::new).orElse(null);
    return replica == null
        ? ReadSession.open(primary, application)
        : replica.open(primary, endpoint -> ReadSession.open(endpoint, application));
  }

  /** Aborts them, which needs no answer of a server that may still be sending rows. */
  @Override
  public void close() throws SQLException {
    for (Connection session : sessions.values()) {
      session.abort(Runnable::run);
    }
  }
}
