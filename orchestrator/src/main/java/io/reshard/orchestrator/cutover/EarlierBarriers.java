package io.reshard.orchestrator.cutover;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Fences and guards that an earlier switch left on a shard, which are in the way once the shard
 * gets keys back: on a rollback, or when a later operation moves keys to a shard that had lost
 * them. A fence's name carries the version that its switch leads to, so that none but earlier ones
 * are dropped here, whenever this runs.
 */
final class EarlierBarriers {
  private static final String FENCE = "reshard_fence_";
  private static final int NAME_BYTES = 63;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final String FIND =
      """
      SELECT DISTINCT t.tgname, t.tgrelid::regclass::text
      FROM (SELECT ?::regclass::oid AS relid UNION SELECT relid FROM pg_partition_tree(?::regclass)) AS r
      JOIN pg_trigger t ON t.tgrelid = r.relid AND t.tgparentid = 0 AND NOT t.tgisinternal
      WHERE t.tgname = ANY (?)
        OR t.tgname ~ '^reshard_fence_[0-9]+_' AND split_part(t.tgname, '_', 3)::bigint < ?
      """;

  private EarlierBarriers() {}

  /** How the fences of every attempt to switch {@code plan} begin. */
  static String fencePrefix(Plan plan) {
    return FENCE + plan.target().version() + "_";
  }

  /** The name of the fence of one attempt. Attempts of different operations never share one. */
  static String fenceName(Plan plan, int attempt) {
    String name =
        fencePrefix(plan) + attempt + "_" + plan.planId().replaceAll("[^A-Za-z0-9_]", "_");
    return name.substring(0, Math.min(name.length(), NAME_BYTES));
  }

  /**
   * Drops them from one shard, table by table: the application may be writing other keys here, and
   * must neither wait for long nor meet us in a deadlock. Idempotent.
   */
  static int drop(Plan plan, Connection connection, Deadline deadline) throws SQLException {
    int dropped = 0;
    for (PlannedTable table : plan.tables()) {
      for (String trigger : find(plan, table, connection)) {
        dropOne("DROP TRIGGER IF EXISTS " + trigger, connection, deadline);
        dropped++;
      }
    }
    return dropped;
  }

  /** Each as {@code NAME ON TABLE}, quoted. */
  private static List<String> find(Plan plan, PlannedTable table, Connection connection)
      throws SQLException {
    List<String> found = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(FIND)) {
      query.setString(1, table.quotedName());
      query.setString(2, table.quotedName());
      query.setArray(3, connection.createArrayOf("text", KeyGuard.TRIGGERS.toArray()));
      query.setLong(4, plan.target().version());
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          found.add(Sql.identifier(rows.getString(1)) + " ON " + rows.getString(2));
        }
      }
    }
    return found;
  }

  /** Whoever waits for this lock makes all others wait behind it, so it is tried shortly. */
  private static void dropOne(String sql, Connection connection, Deadline deadline)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = '200ms'");
      while (true) {
        try {
          statement.execute(sql);
          break;
        } catch (SQLException e) {
          if (!SqlStates.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
            throw e;
          }
          deadline.left("release");
          LockSupport.parkNanos(PAUSE_NANOS);
        }
      }
      statement.execute("RESET lock_timeout");
    }
  }
}
