package io.reshard.core.plan;

import io.reshard.core.postgres.Sql;
import java.util.ArrayList;
import java.util.List;

/** The SQL of "this row lies in this split": the only place that spells it. */
public final class SplitSql {
  private SplitSql() {}

  /**
   * A boolean expression over {@code table} behind {@code alias}; {@code true} for a split that is
   * open on both sides. Rows are compared in the order of the primary key's index: the columns' own
   * collations. A bound that is shorter than the key compares the key's leading columns alone.
   */
  public static String predicate(PlannedTable table, Split split, String alias) {
    List<String> terms = new ArrayList<>();
    if (isBound(split.lower())) {
      terms.add(comparison(table, split.lower(), alias, ">="));
    }
    if (isBound(split.upper())) {
      terms.add(comparison(table, split.upper(), alias, "<"));
    }
    return terms.isEmpty() ? "true" : "(" + String.join(" AND ", terms) + ")";
  }

  private static boolean isBound(List<String> bound) {
    return bound != null && !bound.isEmpty();
  }

  private static String comparison(
      PlannedTable table, List<String> bound, String alias, String operator) {
    List<String> columns = table.primaryKey().subList(0, bound.size());
    List<String> values = new ArrayList<>();
    for (int index = 0; index < bound.size(); index++) {
      values.add(Sql.literal(bound.get(index)) + "::" + table.typeOf(columns.get(index)));
    }
    String left = Sql.identifiers(alias, columns);
    String right = String.join(", ", values);
    return columns.size() == 1
        ? left + " " + operator + " " + right
        : "(" + left + ") " + operator + " (" + right + ")";
  }
}
