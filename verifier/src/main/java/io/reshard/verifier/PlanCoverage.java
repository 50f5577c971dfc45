package io.reshard.verifier;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Checks that the splits of a plan leave no key out: what no split covers nobody would compare. */
final class PlanCoverage {
  private PlanCoverage() {}

  /** {@code invalid_plan} if the splits of some table and source have a gap. */
  static void check(Plan plan) {
    Map<List<Object>, Map<List<String>, Split>> byLowerBound = new HashMap<>();
    for (Split split : plan.splits()) {
      byLowerBound
          .computeIfAbsent(List.of(split.table(), split.source()), unused -> new HashMap<>())
          .put(bound(split.lower()), split);
    }
    for (int table = 0; table < plan.tables().size(); table++) {
      for (String source : plan.sources()) {
        boolean read =
            !plan.tables().get(table).isReference() || source.equals(plan.referenceSource());
        if (read && !isChain(byLowerBound.getOrDefault(List.of(table, source), Map.of()))) {
          throw gap(plan.tables().get(table), source);
        }
      }
    }
  }

  /** Whether the splits lead from one open end to the other, each starting where one has ended. */
  private static boolean isChain(Map<List<String>, Split> byLowerBound) {
    List<String> reached = List.of();
    for (int length = 1; length <= byLowerBound.size(); length++) {
      Split next = byLowerBound.get(reached);
      if (next == null) {
        return false;
      }
      reached = bound(next.upper());
      if (reached.isEmpty()) {
        return length == byLowerBound.size();
      }
    }
    return false;
  }

  private static List<String> bound(List<String> values) {
    return values == null ? List.of() : values;
  }

  private static ReshardingException gap(PlannedTable table, String source) {
    return new ReshardingException(
        ErrorCode.INVALID_PLAN,
        "the splits of table "
            + table.displayName()
            + " on source "
            + source
            + " do not cover all keys; make the plan again");
  }
}
