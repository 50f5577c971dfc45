package io.reshard.orchestrator.cutover;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * Rows of a new target that refer to a row which is not there. At a high rate of changes there
 * always are some, as a child may arrive before its parent. Each is looked at again until its
 * parent has come or it has gone: a parent that never comes lives on another shard.
 */
final class OrphanRows {
  /** As many as are looked at again; more are taken for more of the same. */
  private static final int LIMIT = 10_000;

  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** The condition on a child {@code c}, from the constraint as the catalogs have it. */
  private static final String CONDITION =
      """
      SELECT format('%s AND NOT EXISTS (SELECT FROM %s p WHERE %s)',
        string_agg(format('c.%I IS NOT NULL', child.attname), ' AND '),
        k.confrelid::regclass,
        string_agg(format('p.%I OPERATOR(%I.%s) c.%I',
          parent.attname, n.nspname, o.oprname, child.attname), ' AND '))
      FROM pg_constraint k
        CROSS JOIN unnest(k.conkey, k.confkey, k.conpfeqop) AS u (child, parent, operator)
        JOIN pg_attribute child ON child.attrelid = k.conrelid AND child.attnum = u.child
        JOIN pg_attribute parent ON parent.attrelid = k.confrelid AND parent.attnum = u.parent
        JOIN pg_operator o ON o.oid = u.operator
        JOIN pg_namespace n ON n.oid = o.oprnamespace
      WHERE k.conrelid = ?::regclass AND k.conname = ?
      GROUP BY k.confrelid
      """;

  private final Connection connection;
  private final PlannedTable table;
  private final IndexDefinition key;

  OrphanRows(Connection connection, PlannedTable table, IndexDefinition key) {
    this.connection = connection;
    this.table = table;
    this.key = key;
  }

  /**
   * Returns when every row that had no parent at first has been seen with it, or is gone. {@code
   * cutover_failed} names one that stays.
   */
  void awaitParents(Duration patience) throws SQLException {
    String columns = Sql.identifiers("c", table.primaryKey());
    String orphans = " FROM " + table.quotedName() + " c WHERE " + condition();
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP TABLE IF EXISTS pg_temp.reshard_orphan");
      statement.execute(
          "CREATE TEMP TABLE reshard_orphan AS SELECT " + columns + orphans + " LIMIT " + LIMIT);
      // By index: there are few, of a table that can be large.
      statement.execute(
          "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off");
      long start = System.nanoTime();
      while (true) {
        statement.executeUpdate(
            "DELETE FROM pg_temp.reshard_orphan o WHERE NOT EXISTS (SELECT"
                + orphans
                + " AND "
                + same()
                + ")");
        String left = first(statement);
        if (left == null) {
          break;
        }
        if (System.nanoTime() - start > patience.toNanos()) {
          throw new ReshardingException(
              ErrorCode.CUTOVER_FAILED,
              ("the foreign key %s of %s does not hold on a new shard: the row (%s) = %s has no"
                      + " parent there. A row and its parent must have the same shard key: correct"
                      + " it where the application writes it, then try again")
                  .formatted(
                      key.name(),
                      table.displayName(),
                      String.join(", ", table.primaryKey()),
                      left));
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
      statement.execute(
          "DROP TABLE pg_temp.reshard_orphan;"
              + " RESET enable_seqscan; RESET enable_hashjoin; RESET enable_mergejoin");
    }
  }

  private String condition() throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(CONDITION)) {
      query.setString(1, table.quotedName());
      query.setString(2, key.name());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }

  private String same() {
    return table.primaryKey().stream()
        .map(Sql::identifier)
        .map(column -> "c." + column + " = o." + column)
        .collect(Collectors.joining(" AND "));
  }

  private static String first(Statement statement) throws SQLException {
    try (ResultSet row =
        statement.executeQuery("SELECT o::text FROM pg_temp.reshard_orphan o LIMIT 1")) {
      return row.next() ? row.getString(1) : null;
    }
  }
}
