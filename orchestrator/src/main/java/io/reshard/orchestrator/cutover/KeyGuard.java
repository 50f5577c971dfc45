package io.reshard.orchestrator.cutover;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.shard.ShardSchema;
import java.util.ArrayList;
import java.util.List;

/**
 * After the switch a kept source must refuse keys that have moved away: a client that still routes
 * by the old topology would write rows that nobody reads. Row triggers ask the routing function's
 * SQL twin, after the row is written: by then the application's own triggers, generated columns and
 * defaults have had their say about the key. A TRUNCATE would take the rows that moved, which a
 * rollback falls back on, so it is refused until the clean-up has removed them.
 */
final class KeyGuard {
  /**
   * Triggers fire in the byte order of their names: this is before those of foreign keys
   * (RI_ConstraintTrigger), so that a client that is late gets RS001 and not a missing parent.
   */
  private static final String NEW_ROW = "RESHARD_guard_new";

  private static final String OLD_ROW = "RESHARD_guard_old";

  /** The names of the triggers that make up a guard. */
  static final List<String> TRIGGERS = List.of(NEW_ROW, OLD_ROW, ShardSchema.TRUNCATE_GUARD);

  private KeyGuard() {}

  /**
   * The statements that make the guard.
   *
   * @param members the table and its partitions, quoted: a TRUNCATE fires on those that it names
   */
  static List<String> statements(
      Plan plan, PlannedTable table, String source, List<String> members) {
    if (table.isReference()) {
      return List.of();
    }
    List<String> statements = new ArrayList<>();
    statements.add(row(plan, table, source, NEW_ROW, "INSERT OR UPDATE", "NEW"));
    statements.add(row(plan, table, source, OLD_ROW, "UPDATE OR DELETE", "OLD"));
    for (String member : members) {
      statements.add(
          trigger(
              member,
              ShardSchema.TRUNCATE_GUARD,
              "BEFORE TRUNCATE",
              "EXECUTE FUNCTION reshard.refuse_truncate()"));
    }
    return statements;
  }

  private static String row(
      Plan plan, PlannedTable table, String source, String name, String events, String row) {
    String stray = plan.newRouting(table, row).strayOn(source);
    return trigger(
        table.quotedName(),
        name,
        "AFTER " + events,
        "FOR EACH ROW WHEN (" + stray + ") EXECUTE FUNCTION reshard.refuse_write()");
  }

  /** Fires for the role replica as well, like the fence. */
  private static String trigger(String on, String name, String when, String what) {
    return "CREATE OR REPLACE TRIGGER %1$s %2$s ON %3$s %4$s; ALTER TABLE %3$s ENABLE ALWAYS TRIGGER %1$s"
        .formatted(Sql.identifier(name), when, on, what);
  }
}
