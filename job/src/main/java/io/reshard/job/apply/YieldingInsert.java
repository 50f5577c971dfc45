package io.reshard.job.apply;

import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.TableRouting;
import io.reshard.job.Migration;
import io.reshard.job.target.CopyStream;
import io.reshard.job.target.TargetSession;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.stream.Collectors;

/**
 * Copied rows on their way into a target that keeps its unique indexes while the table is copied.
 * Splits are read at different moments, so a value that moved from one row to another in between
 * comes with both. The row that finds it taken yields: it is left out, and its key is noted in the
 * same transaction. Notes are settled when the copy of the table is complete and before its changes
 * are released; two rows that truly collide are told of then.
 */
public final class YieldingInsert {
  private static final String STAGED = "pg_temp.reshard_split";

  /** A deferrable constraint cannot decide what yields, so such a table is copied directly. */
  private static final String NEEDED =
      "SELECT coalesce(bool_and(indimmediate) AND NOT bool_and(indisprimary AND ?), false)"
          + " FROM pg_index WHERE indrelid = to_regclass(?)"
          + " AND (indisunique OR indisexclusion) AND indisready";

  private final Migration migration;
  private final TargetSession session;
  private final int table;

  public YieldingInsert(Migration migration, TargetSession session, int table) {
    this.migration = migration;
    this.session = session;
    this.table = table;
  }

  /** Whether rows of the table can find a value taken on the session's target. */
  public boolean needed() throws SQLException {
    if (migration.plan().isNew(session.target())) {
      return false;
    }
    try (PreparedStatement query = session.connection().prepareStatement(NEEDED)) {
      query.setBoolean(1, hasKeysOfItsOwn());
      query.setString(2, migration.table(table).quotedName());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /** Whether rows of two shards never have one primary key, whatever somebody declares. */
  private boolean hasKeysOfItsOwn() {
    PlannedTable planned = migration.table(table);
    return planned.isReference() || planned.primaryKey().contains(planned.shardKey());
  }

  /** A stream for the rows; they stay aside until {@link #insert}. */
  public CopyStream stream() throws SQLException {
    try (Statement statement = session.connection().createStatement()) {
      statement.execute(
          "CREATE TEMP TABLE %s (LIKE %s INCLUDING GENERATED) ON COMMIT DROP"
              .formatted(STAGED, migration.table(table).quotedName()));
    }
    return new CopyStream(session, migration.table(table), STAGED);
  }

  /** Inserts the rows of the stream, which has ended, and notes the keys of those that yield. */
  public void insert() throws SQLException {
    try (PreparedStatement insert = session.connection().prepareStatement(statement())) {
      insert.setString(1, migration.operationId());
      insert.setInt(2, table);
      insert.executeUpdate();
    }
  }

  private String statement() {
    PlannedTable planned = migration.table(table);
    String columns = Sql.identifiers(planned.copiedColumns());
    TableRouting owners = migration.plan().oldRouting(planned, "s");
    return "WITH written AS (INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s"
            .formatted(planned.quotedName(), columns, columns, STAGED)
        + " ON CONFLICT DO NOTHING RETURNING %s)".formatted(Sql.identifiers(planned.primaryKey()))
        + " INSERT INTO reshard.refetch (operation_id, table_number, source, key)"
        + " SELECT ?, ?, %s, ARRAY[%s]"
            .formatted(owners.owner(migration.plan()::shardOrdinal), key(planned, "s.%s::text"))
        + " FROM %s AS s%s".formatted(STAGED, owners.ownersJoin(migration.plan()::shardOrdinal))
        + " WHERE NOT EXISTS (SELECT FROM written AS w WHERE (%s) = (%s)) ON CONFLICT DO NOTHING"
            .formatted(key(planned, "w.%s"), key(planned, "s.%s"));
  }

  private static String key(PlannedTable table, String form) {
    return table.primaryKey().stream()
        .map(column -> form.formatted(Sql.identifier(column)))
        .collect(Collectors.joining(", "));
  }
}
