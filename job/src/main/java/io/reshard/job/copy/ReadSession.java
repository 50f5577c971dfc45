package io.reshard.job.copy;

import io.reshard.core.postgres.Endpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.PGProperty;

/** Sessions that read rows from a source. */
public final class ReadSession {
  /**
   * A row-level security policy is an error and not a subset; timeouts that an administrator set
   * for the application do not end a long read; the text form is the same on every server.
   */
  private static final String OPTIONS =
      "-c row_security=off -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
          + " -c lock_timeout=0 -c default_transaction_read_only=on -c extra_float_digits=1"
          + " -c DateStyle=ISO -c IntervalStyle=postgres -c TimeZone=UTC -c bytea_output=hex"
          + " -c search_path=pg_catalog";

  private ReadSession() {}

  /** A read-only session in auto-commit mode. */
  public static Connection open(Endpoint endpoint, String application) throws SQLException {
    Properties properties = new Properties();
    PGProperty.OPTIONS.set(properties, OPTIONS);
    return endpoint.connect(application, properties);
  }
}
