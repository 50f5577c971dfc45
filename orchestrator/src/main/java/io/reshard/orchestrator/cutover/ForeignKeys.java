package io.reshard.orchestrator.cutover;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
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
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The foreign keys of new targets. They are added before the window, so that they hold for whatever
 * the application writes after it. Partitioned tables take theirs only with all rows in order.
 * While changes flow a child may be there before its parent: then a key cannot be validated until
 * the switch, and is afterwards, beside the application's writes.
 */
final class ForeignKeys {
  private static final int ATTEMPTS = 50;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final String FOREIGN_KEY_VIOLATION = "23503";
  private static final Set<String> TRANSIENT =
      Set.of(SqlStates.DEADLOCK_DETECTED, SqlStates.LOCK_NOT_AVAILABLE);

  /** How long a child may precede its parent. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Plan plan;
  private final Connection connection;
  private final Duration patience;

  ForeignKeys(Plan plan, Connection connection) {
    this(plan, connection, PATIENCE);
  }

  ForeignKeys(Plan plan, Connection connection, Duration patience) {
    this.plan = plan;
    this.connection = connection;
    this.patience = patience;
  }

  /**
   * Adds what is missing and validates what can be; returns how many of them stay to be validated.
   * {@code cutover_failed} names rows whose parent is not on its way. Idempotent.
   */
  int establish() throws SQLException {
    int left = 0;
    for (PlannedTable table : plan.tables()) {
      for (IndexDefinition key : table.foreignKeys()) {
        String valid = valid(table, key);
        if (valid == null) {
          add(key);
          valid = valid(table, key);
        }
        if (!"t".equals(valid) && !holds(table, key)) {
          new OrphanRows(connection, table, key).awaitParents(patience);
          left++;
        }
      }
    }
    return left;
  }

  /** Validates what is not valid yet, after the switch; returns how many. Idempotent. */
  int validate() throws SQLException {
    int validated = 0;
    for (PlannedTable table : plan.tables()) {
      for (IndexDefinition key : table.foreignKeys()) {
        if ("f".equals(valid(table, key))) {
          retrying(validation(table, key));
          validated++;
        }
      }
    }
    return validated;
  }

  /** One that looks at the rows at once waits for parents that are on their way. */
  private void add(IndexDefinition key) throws SQLException {
    long start = System.nanoTime();
    while (true) {
      try {
        retrying(key.statement());
        return;
      } catch (SQLException e) {
        if (!FOREIGN_KEY_VIOLATION.equals(e.getSQLState())) {
          throw e;
        }
        if (System.nanoTime() - start > patience.toNanos()) {
          throw new ReshardingException(
              ErrorCode.CUTOVER_FAILED,
              "the foreign key %s does not hold on a new shard: %s. A row and its parent must have the same shard key: correct it where the application writes it, then try again"
                  .formatted(key.name(), e.getMessage()),
              e);
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private boolean holds(PlannedTable table, IndexDefinition key) throws SQLException {
    try {
      retrying(validation(table, key));
      return true;
    } catch (SQLException e) {
      if (FOREIGN_KEY_VIOLATION.equals(e.getSQLState())) {
        return false;
      }
      throw e;
    }
  }

  /** Whether the constraint is valid, or null if it is not there. */
  private String valid(PlannedTable table, IndexDefinition key) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT convalidated FROM pg_constraint WHERE conrelid = to_regclass(?)"
                + " AND conname = ?")) {
      query.setString(1, table.quotedName());
      query.setString(2, key.name());
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getString(1) : null;
      }
    }
  }

  private static String validation(PlannedTable table, IndexDefinition key) {
    return "ALTER TABLE "
        + table.quotedName()
        + " VALIDATE CONSTRAINT "
        + Sql.identifier(key.name());
  }

  private void retrying(String sql) throws SQLException {
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
