package io.reshard.orchestrator.cutover;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import java.util.List;

/**
 * After the switch a kept source must refuse keys that have moved away: a client that still routes
 * by the old topology would write rows that nobody reads. Row triggers ask the routing function's
 * SQL twin.
 */
final class KeyGuard {
  private static final String NEW_ROW = "reshard_guard_new";
  private static final String OLD_ROW = "reshard_guard_old";

  /** The names of the triggers that make up a guard. */
  static final List<String> TRIGGERS = List.of(NEW_ROW, OLD_ROW);

  private KeyGuard() {}

  static List<String> statements(Plan plan, PlannedTable table, String source) {
    if (table.isReference()) {
      return List.of();
    }
    return List.of(
        statement(plan, table, source, NEW_ROW, "INSERT OR UPDATE", "NEW"),
        statement(plan, table, source, OLD_ROW, "UPDATE OR DELETE", "OLD"));
  }

  private static String statement(
      Plan plan, PlannedTable table, String source, String name, String events, String row) {
    return "CREATE OR REPLACE TRIGGER "
        + name
        + " BEFORE "
        + events
        + " ON "
        + table.quotedName()
        + " FOR EACH ROW WHEN ("
        + plan.newRouting(table, row).strayOn(source)
        + ") EXECUTE FUNCTION reshard.refuse_write()";
  }
}
