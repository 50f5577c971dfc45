package io.reshard.core.postgres;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.Serializable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Properties;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * A database that can be connected to. {@code password} may be null (trust, peer, or a password
 * file). {@link #toString()} never shows it. Immutable and thread-safe.
 */
public record Endpoint(String name, String url, String user, String password)
    implements Serializable {
  private static final Driver DRIVER = new Driver();
  private static final int CONNECT_TIMEOUT_SECONDS = 10;

  /**
   * What is reported as committed must outlive a crash of the server: a checkpoint that a slot was
   * moved on for, a fence, a switch. A server, database or role may have another default.
   */
  private static final String DURABLE = "-c synchronous_commit=on";

  /**
   * A host that has lost power ends no connection. Its sessions, and the locks that they hold, end
   * when it has not answered the server for about 40 s (two hours are the default of Linux).
   */
  private static final String NOTICED =
      "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4";

  private static final String SESSION = DURABLE + " " + NOTICED;

  /** Opens a session; the server shows {@code application} as its {@code application_name}. */
  public Connection connect(String application) throws SQLException {
    return connect(application, new Properties());
  }

  /** Opens a session with further properties of pgjdbc. */
  public Connection connect(String application, Properties extra) throws SQLException {
    Properties properties = new Properties();
    properties.putAll(extra);
    if (user != null) {
      PGProperty.USER.set(properties, user);
    }
    if (password != null) {
      PGProperty.PASSWORD.set(properties, password);
    }
    String options = PGProperty.OPTIONS.getOrDefault(properties);
    PGProperty.OPTIONS.set(properties, options == null ? SESSION : options + " " + SESSION);
    PGProperty.APPLICATION_NAME.set(properties, application);
    PGProperty.CONNECT_TIMEOUT.set(properties, CONNECT_TIMEOUT_SECONDS);
    PGProperty.TCP_KEEP_ALIVE.set(properties, true);
    // Not through DriverManager: on a cluster it may not see the driver that a job brings along.
    Connection connection = DRIVER.connect(url, properties);
    if (connection == null) {
      throw noUrl();
    }
    return connection;
  }

  public String host() {
    return parsed().getProperty(PGProperty.PG_HOST.getName());
  }

  public int port() {
    return Integer.parseInt(parsed().getProperty(PGProperty.PG_PORT.getName()));
  }

  public String database() {
    return parsed().getProperty(PGProperty.PG_DBNAME.getName());
  }

  /** A parameter of the URL, by pgjdbc's name, if it has it. */
  public Optional<String> setting(String name) {
    return Optional.ofNullable(parsed().getProperty(name));
  }

  private Properties parsed() {
    Properties properties = Driver.parseURL(url, new Properties());
    if (properties == null) {
      throw noUrl();
    }
    return properties;
  }

  private ReshardingException noUrl() {
    return new ReshardingException(
        ErrorCode.INVALID_CONFIGURATION,
        name + ": '" + url + "' is not a JDBC URL of PostgreSQL (jdbc:postgresql://host:port/db)");
  }

  @Override
  public String toString() {
    return name + " (" + url.replaceFirst("\\?.*", "") + ")";
  }
}
