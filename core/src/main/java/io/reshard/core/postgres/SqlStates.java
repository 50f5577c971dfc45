package io.reshard.core.postgres;

import java.sql.SQLException;
import java.util.Set;

/** What an SQLSTATE says about an error (PostgreSQL manual, appendix A). */
public final class SqlStates {
  public static final String UNIQUE_VIOLATION = "23505";
  public static final String LOCK_NOT_AVAILABLE = "55P03";
  public static final String DEADLOCK_DETECTED = "40P01";
  public static final String QUERY_CANCELED = "57014";
  public static final String INSUFFICIENT_PRIVILEGE = "42501";
  public static final String UNDEFINED_TABLE = "42P01";
  public static final String DISK_FULL = "53100";

  /** There is no such database. */
  public static final String INVALID_CATALOG_NAME = "3D000";

  /** Raised by the write fence and by the guard against keys that have moved away. */
  public static final String FENCED = "RS001";

  private static final Set<String> RETRYABLE =
      Set.of(
          "40001",
          DEADLOCK_DETECTED,
          LOCK_NOT_AVAILABLE,
          "57P01",
          "57P02",
          "57P03",
          QUERY_CANCELED);

  private SqlStates() {}

  /** Whether the same work may succeed later: connection lost, resources short, deadlock. */
  public static boolean retryable(SQLException error) {
    String state = error.getSQLState();
    return state != null
        && (state.startsWith("08") || state.startsWith("53") || RETRYABLE.contains(state));
  }
}
