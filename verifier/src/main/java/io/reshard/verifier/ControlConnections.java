package io.reshard.verifier;

import io.reshard.core.postgres.Endpoint;
import java.sql.Connection;
import java.sql.SQLException;
import org.apache.flink.connector.jdbc.datasource.connections.JdbcConnectionProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sink's connection to the control database. For one thread. */
final class ControlConnections implements JdbcConnectionProvider {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(ControlConnections.class);
  private static final int CHECK_TIMEOUT_SECONDS = 30;

  private final Endpoint endpoint;
  private final String application;
  private transient Connection connection;

  ControlConnections(Endpoint endpoint, String application) {
    this.endpoint = endpoint;
    this.application = application;
  }

  @Override
  public Connection getConnection() {
    return connection;
  }

  @Override
  public boolean isConnectionValid() throws SQLException {
    return connection != null
        && !connection.isClosed()
        && connection.isValid(CHECK_TIMEOUT_SECONDS);
  }

  @Override
  public Connection getOrEstablishConnection() throws SQLException {
    if (!isConnectionValid()) {
      connection = endpoint.connect(application);
    }
    return connection;
  }

  @Override
  public void closeConnection() {
    if (connection == null) {
      return;
    }
    try {
      connection.close();
    } catch (SQLException e) {
      LOG.debug("Closing a connection to the control database failed", e);
    } finally {
      connection = null;
    }
  }

  @Override
  public Connection reestablishConnection() throws SQLException {
    closeConnection();
    return getOrEstablishConnection();
  }

  @Override
  public void close() {
    closeConnection();
  }
}
