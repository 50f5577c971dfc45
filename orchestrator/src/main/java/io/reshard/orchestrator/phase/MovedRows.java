package io.reshard.orchestrator.phase;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import io.reshard.core.plan.SplitSql;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Sql;
import io.reshard.core.shard.ShardSchema;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.function.Function;
import org.postgresql.PGProperty;

/**
 * Deletes rows of moved tables from one shard, in transactions of at most a batch. It goes through
 * the plan's key ranges, so that no statement looks through more than one of them. Repeatable: what
 * is gone stays gone.
 */
final class MovedRows {
  private final Plan plan;
  private final int batchSize;
  private final DeletionTurns turns;

  /** Deletes at most {@code batchSize} rows at a time. */
  MovedRows(Plan plan, int batchSize, DeletionTurns turns) {
    this.plan = plan;
    this.batchSize = batchSize;
    this.turns = turns;
  }

  /**
   * Deletes the rows that meet {@code condition}.
   *
   * @param shard where they lie
   * @param source the shard by whose splits the rows are found; splits cover all keys
   * @param condition an SQL condition over the row behind the alias that it is given
   * @return the number of rows deleted
   */
  long delete(
      Connection connection,
      String shard,
      PlannedTable table,
      String source,
      Function<String, String> condition)
      throws SQLException {
    int ordinal = plan.tables().indexOf(table);
    long deleted = 0;
    for (Split split : plan.splits()) {
      if (split.table() == ordinal && split.source().equals(source)) {
        deleted += delete(connection, shard, table, split, condition);
      }
    }
    return deleted;
  }

  private long delete(
      Connection connection,
      String shard,
      PlannedTable table,
      Split split,
      Function<String, String> condition)
      throws SQLException {
    String keys = Sql.identifiers("batch", table.primaryKey());
    // The condition stands twice: a row that changes between the two reads is judged by its newest
    // version (PostgreSQL manual, chapter 13.2.1).
    String sql =
        "DELETE FROM "
            + table.quotedName()
            + " AS moved USING (SELECT "
            + Sql.identifiers("found", table.primaryKey())
            + " FROM "
            + table.quotedName()
            + " AS found WHERE "
            + SplitSql.predicate(table, split, "found")
            + " AND ("
            + condition.apply("found")
            + ") LIMIT "
            + batchSize
            + ") AS batch WHERE ("
            + Sql.identifiers("moved", table.primaryKey())
            + ") = ("
            + keys
            + ") AND ("
            + condition.apply("moved")
            + ")";
    long deleted = 0;
    try (Statement statement = connection.createStatement()) {
      int batch;
      do {
        turns.begin(shard);
        batch = statement.executeUpdate(sql);
        turns.end(shard, table, batch);
        deleted += batch;
      } while (batch > 0);
    }
    return deleted;
  }

  /**
   * A session whose deletes fire no trigger and cascade nowhere, and which the fence of a retired
   * source, that fires all the same, lets through.
   */
  static Connection open(Endpoint endpoint, String operationId) throws SQLException {
    Properties properties = new Properties();
    PGProperty.OPTIONS.set(properties, ShardSchema.OWN_SESSION);
    Connection connection = endpoint.connect("reshard " + operationId + " clean-up", properties);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET session_replication_role = replica");
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }
}
