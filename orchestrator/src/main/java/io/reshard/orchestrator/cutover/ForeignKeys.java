package io.reshard.orchestrator.cutover;

import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Adds the foreign keys of new targets and validates them before the window. While changes flow, a
 * child may be there before its parent, so a validation that fails is tried again; once it has
 * held, the drained target is equal to sources that enforce the same constraint.
 */
final class ForeignKeys {
  private static final int ATTEMPTS = 50;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final String FOREIGN_KEY_VIOLATION = "23503";
  private static final Set<String> TRANSIENT =
      Set.of(FOREIGN_KEY_VIOLATION, SqlStates.DEADLOCK_DETECTED, SqlStates.LOCK_NOT_AVAILABLE);

  private ForeignKeys() {}

  /** Adds and validates what is missing on a new target; returns how many. Idempotent. */
  static int establish(Plan plan, Connection connection) throws SQLException {
    int established = 0;
    for (PlannedTable table : plan.tables()) {
      for (IndexDefinition key : table.foreignKeys()) {
        String state = state(connection, table, key);
        if (state == null) {
          retrying(connection, key.statement());
        }
        if (!"t".equals(state)) {
          retrying(
              connection,
              "ALTER TABLE "
                  + table.quotedName()
                  + " VALIDATE CONSTRAINT "
                  + Sql.identifier(key.name()));
          established++;
        }
      }
    }
    return established;
  }

  /** Whether the constraint is valid, or null if it is not there. */
  private static String state(Connection connection, PlannedTable table, IndexDefinition key)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT convalidated FROM pg_constraint WHERE conrelid = ?::regclass"
                + " AND conname = ?")) {
      query.setString(1, table.quotedName());
      query.setString(2, key.name());
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getString(1) : null;
      }
    }
  }

  private static void retrying(Connection connection, String sql) throws SQLException {
    for (int attempt = 1; ; attempt++) {
      try (Statement statement = connection.createStatement()) {
        statement.execute(sql);
        return;
      } catch (SQLException e) {
        if (attempt == ATTEMPTS || !TRANSIENT.contains(e.getSQLState())) {
          throw e;
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }
}
