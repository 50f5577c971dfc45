package io.reshard.core.control;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/** Opens the control database and brings its schema up to date. Thread-safe. */
public final class ControlDatabase {
  /** The schema of all tables. */
  public static final String SCHEMA = "reshard";

  private static final String APPLICATION = "reshard control";

  /** A process that is frozen inside a transaction must not keep its rows from all others. */
  private static final String OPTIONS = "-c idle_in_transaction_session_timeout=20s";

  private final Endpoint endpoint;
  private final Duration longestAnswer;
  private final Jdbi jdbi;

  public ControlDatabase(Endpoint endpoint) {
    this(endpoint, Duration.ZERO);
  }

  private ControlDatabase(Endpoint endpoint, Duration longestAnswer) {
    this.endpoint = endpoint;
    this.longestAnswer = longestAnswer;
    this.jdbi = Jdbi.create(this::open);
  }

  /**
   * The same for somebody whom a server that does not answer, be it frozen or unreachable, must not
   * make stand still: what takes longer fails.
   *
   * @param longest rounded to seconds, at least one
   */
  public ControlDatabase answeringWithin(Duration longest) {
    return new ControlDatabase(endpoint, longest);
  }

  /** Does all its work on {@code session}. */
  ControlDatabase(Endpoint endpoint, Connection session) {
    this.endpoint = endpoint;
    this.longestAnswer = Duration.ZERO;
    this.jdbi = Jdbi.create(session);
  }

  /** Opens a session for work that must not wait for a connection to be made. */
  public ControlSession openSession() {
    return call("open a session", all -> new ControlSession(endpoint, all.open().getConnection()));
  }

  private Connection open() throws SQLException {
    Properties properties = new Properties();
    PGProperty.CURRENT_SCHEMA.set(properties, SCHEMA);
    PGProperty.SOCKET_TIMEOUT.set(properties, Math.toIntExact(longestAnswer.toSeconds()));
    PGProperty.OPTIONS.set(properties, OPTIONS);
    return endpoint.connect(APPLICATION, properties);
  }

  /** Creates or upgrades the schema; does nothing where it is current. Safe to run concurrently. */
  public ControlDatabase migrate() {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(endpoint.url());
    dataSource.setUser(endpoint.user());
    dataSource.setPassword(endpoint.password());
    dataSource.setApplicationName(APPLICATION);
    try {
      Flyway.configure(ControlDatabase.class.getClassLoader())
          .dataSource(dataSource)
          .defaultSchema(SCHEMA)
          .schemas(SCHEMA)
          .locations("classpath:db/control")
          .load()
          .migrate();
    } catch (FlywayException e) {
      throw new ReshardingException(
          ErrorCode.STATE_STORE_FAILED, "cannot prepare the " + endpoint + ": " + reason(e), e);
    }
    return this;
  }

  /** Runs {@code work} with Jdbi; failures become {@code state_store_failed}. */
  public <T> T call(String what, Work<T> work) {
    try {
      return work.with(jdbi);
    } catch (JdbiException e) {
      throw new ReshardingException(
          ErrorCode.STATE_STORE_FAILED,
          "the " + endpoint + " failed to " + what + ": " + reason(e),
          e);
    }
  }

  /** What PostgreSQL or its driver said, without what the libraries in between add. */
  private static String reason(Exception failure) {
    Throwable reason = failure;
    while (reason.getCause() != null && !(reason instanceof SQLException)) {
      reason = reason.getCause();
    }
    return reason.getMessage();
  }

  public Endpoint endpoint() {
    return endpoint;
  }

  /** Some work on the control database. */
  @FunctionalInterface
  public interface Work<T> {
    T with(Jdbi jdbi);
  }
}
