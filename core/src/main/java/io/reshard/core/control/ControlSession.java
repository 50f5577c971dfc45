package io.reshard.core.control;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** One open session on the control database. For one thread. */
public final class ControlSession implements AutoCloseable {
  private final Connection connection;
  private final ControlDatabase database;

  ControlSession(Endpoint endpoint, Connection connection) {
    this.connection = connection;
    this.database = new ControlDatabase(endpoint, connection);
  }

  /** The control database as this session sees it. */
  public ControlDatabase database() {
    return database;
  }

  /**
   * Lets nobody wait for an answer for longer than {@code longest}: what is asked then fails, and
   * the session is over.
   */
  public void limitWaits(Duration longest) {
    try {
      connection.setNetworkTimeout(Runnable::run, Math.toIntExact(longest.toMillis()));
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.STATE_STORE_FAILED,
          "the session on the " + database.endpoint() + " was lost: " + e.getMessage(),
          e);
    }
  }

  /** Ends the session at once; what it has not committed is rolled back. */
  @Override
  public void close() {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      throw new IllegalStateException("aborting a session of PostgreSQL cannot fail", e);
    }
  }
}
