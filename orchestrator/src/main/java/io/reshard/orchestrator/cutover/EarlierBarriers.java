package io.reshard.orchestrator.cutover;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.shard.BriefLock;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Fences and guards that an earlier switch left on a shard, which are in the way once the shard
 * gets keys back: on a rollback, or when a later operation moves keys to a shard that had lost
 * them. A fence's name carries the version that its switch leads to, so that none but earlier ones
 * are touched here, whenever this runs.
 */
final class EarlierBarriers {
  private static final String FENCE = "reshard_fence_";
  private static final int NAME_BYTES = 63;
  private static final Duration WAIT = Duration.ofMillis(200);
  private static final String FIND =
      """
      SELECT DISTINCT t.tgname, t.tgrelid::regclass::text
      FROM (SELECT ?::regclass::oid AS relid UNION SELECT relid FROM pg_partition_tree(?::regclass)) AS r
      JOIN pg_trigger t ON t.tgrelid = r.relid AND t.tgparentid = 0 AND NOT t.tgisinternal
      WHERE t.tgenabled <> 'D' AND (t.tgname = ANY (?)
        OR t.tgname ~ '^reshard_fence_[0-9]+_' AND split_part(t.tgname, '_', 3)::bigint < ?)
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
   * Disables them on one shard, table by table: the application may be writing other keys here, and
   * must neither wait for long nor meet us in a deadlock. Idempotent.
   */
  static int disable(Plan plan, Connection connection, Deadline deadline) throws SQLException {
    int disabled = 0;
    for (PlannedTable table : plan.tables()) {
      for (Barrier barrier : find(plan, table, connection)) {
        disable(barrier, connection, deadline);
        disabled++;
      }
    }
    return disabled;
  }

  /** A trigger and its table, quoted. */
  private record Barrier(String trigger, String table) {}

  private static List<Barrier> find(Plan plan, PlannedTable table, Connection connection)
      throws SQLException {
    List<Barrier> found = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(FIND)) {
      query.setString(1, table.quotedName());
      query.setString(2, table.quotedName());
      query.setArray(3, connection.createArrayOf("text", KeyGuard.TRIGGERS.toArray()));
      query.setLong(4, plan.target().version());
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          found.add(new Barrier(Sql.identifier(rows.getString(1)), rows.getString(2)));
        }
      }
    }
    return found;
  }

  /** Writers must let us in for a moment. A disabled trigger refuses nothing. */
  private static void disable(Barrier barrier, Connection connection, Deadline deadline)
      throws SQLException {
    String sql = "ALTER TABLE " + barrier.table() + " DISABLE TRIGGER " + barrier.trigger();
    if (!BriefLock.execute(connection, sql, WAIT, deadline.left("release"))) {
      throw deadline.passed("release");
    }
  }
}
