package io.reshard.core.shard;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the moved tables of one source as they were when the operation began. An event trigger
 * refuses DDL on them where the role may create one. For every role the tables' shape is recorded
 * in the source's own database, and {@link #check} compares it with what is there now.
 *
 * <p>Let through are CREATE INDEX and the end of an index that is not unique, for they change no
 * row; new shards have the indexes that the plan saw.
 */
public final class SchemaWatch {
  private static final Logger LOG = LoggerFactory.getLogger(SchemaWatch.class);

  private static final String DIFFERENCE =
      """
      SELECT table_name, subject, s.value, n.value
      FROM (SELECT * FROM reshard.shape WHERE operation_id = ?) AS s
      FULL JOIN reshard.shape_of(?, ?) AS n USING (table_name, subject)
      WHERE s.value IS DISTINCT FROM n.value
        AND NOT (s.value IS NULL AND starts_with(subject, 'unique index '))
      ORDER BY subject <> 'table', table_name, NOT starts_with(subject, 'column '), subject
      LIMIT 1
      """;

  private final Plan plan;
  private final String source;
  private final String name;

  /** The watch over the plan's tables on {@code source}. */
  public SchemaWatch(Plan plan, String source) {
    this.plan = plan;
    this.source = source;
    this.name = ChangeCapture.name(plan, source);
  }

  /**
   * Begins the watch, replacing one that an interrupted start left behind. The publication stands
   * already, and the session commits by itself. {@code schema_changed} if the tables are not as the
   * plan saw them.
   */
  void begin(Connection connection) throws SQLException {
    record(connection);
    // From here on DDL is refused; whatever came before is in the comparison below.
    refuseDdl(connection);
    comparePlan(connection);
    check(connection);
  }

  private void record(Connection connection) throws SQLException {
    forget(connection);
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO reshard.shape (operation_id, table_name, subject, value, relation)"
                + " SELECT ?, * FROM reshard.shape_of(?, ?)")) {
      bind(connection, insert);
      insert.executeUpdate();
    }
  }

  private void bind(Connection connection, PreparedStatement statement) throws SQLException {
    statement.setString(1, plan.planId());
    statement.setString(2, name);
    Object[] tables = plan.tables().stream().map(PlannedTable::quotedName).toArray();
    statement.setArray(3, connection.createArrayOf("text", tables));
  }

  private void refuseDdl(Connection connection) throws SQLException {
    dropTriggers(connection);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE EVENT TRIGGER "
              + trigger("drop")
              + " ON sql_drop EXECUTE FUNCTION reshard.refuse_ddl()");
      statement.execute(
          "CREATE EVENT TRIGGER "
              + trigger("ddl")
              + " ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'ALTER INDEX', 'CREATE TABLE')"
              + " EXECUTE FUNCTION reshard.refuse_ddl()");
    } catch (SQLException e) {
      if (!SqlStates.INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
        throw e;
      }
      LOG.info(
          "{}: the role may not create event triggers; DDL on moved tables is noticed, not refused",
          source);
    }
  }

  private String trigger(String event) {
    return Sql.identifier(name + "_" + event);
  }

  /** The plan may be days old. The order of columns may differ between shards. */
  private void comparePlan(Connection connection) throws SQLException {
    for (PlannedTable table : plan.tables()) {
      Map<String, String> planned = new TreeMap<>();
      for (Column column : table.columns()) {
        planned.put(
            "column " + column.name(), column.type() + (column.generated() ? " generated" : ""));
      }
      planned.put("primary key", String.join(", ", table.primaryKey()));
      Map<String, String> found = recorded(connection, table);
      for (String subject : planned.keySet()) {
        if (!planned.get(subject).equals(found.get(subject))) {
          throw changed(
              table.quotedName(), subject, planned.get(subject), found.get(subject), "planned");
        }
      }
      for (String subject : found.keySet()) {
        if (!planned.containsKey(subject)) {
          throw changed(table.quotedName(), subject, null, found.get(subject), "planned");
        }
      }
    }
  }

  private Map<String, String> recorded(Connection connection, PlannedTable table)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT subject, value FROM reshard.shape WHERE operation_id = ? AND table_name = ?"
                + " AND (subject = 'primary key' OR starts_with(subject, 'column '))")) {
      query.setString(1, plan.planId());
      query.setString(2, table.quotedName());
      Map<String, String> facts = new TreeMap<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          facts.put(row.getString(1), row.getString(2));
        }
      }
      return facts;
    }
  }

  /** {@code schema_changed} if a table's shape is no longer what it was; one catalog query. */
  public void check(Connection connection) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(DIFFERENCE)) {
      bind(connection, query);
      try (ResultSet row = query.executeQuery()) {
        if (row.next()) {
          throw changed(
              row.getString(1), row.getString(2), row.getString(3), row.getString(4), "started");
        }
      }
    }
  }

  private ReshardingException changed(
      String table, String subject, String before, String now, String when) {
    return new ReshardingException(
        ErrorCode.SCHEMA_CHANGED,
        "source %s: the table %s has changed since the operation was %s: the %s %s, %s. Undo the change and resume, or roll the operation back and plan again"
            .formatted(
                source,
                table,
                when,
                subject,
                before == null ? "was not there" : "was '" + before + "'",
                now == null ? "is gone" : "is '" + now + "'"));
  }

  /** Ends the watch. Idempotent. */
  void end(Connection connection) throws SQLException {
    dropTriggers(connection);
    forget(connection);
  }

  private void dropTriggers(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP EVENT TRIGGER IF EXISTS " + trigger("drop"));
      statement.execute("DROP EVENT TRIGGER IF EXISTS " + trigger("ddl"));
    }
  }

  private void forget(Connection connection) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM reshard.shape WHERE operation_id = ?")) {
      delete.setString(1, plan.planId());
      delete.executeUpdate();
    }
  }
}
