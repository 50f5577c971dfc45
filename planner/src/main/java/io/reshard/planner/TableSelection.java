package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.util.List;

/** Which tables of a topology are moved. */
final class TableSelection {
  private TableSelection() {}

  /** The rules named by {@code names}, or all; {@code invalid_arguments} names an unknown table. */
  static List<TableRule> select(Topology topology, List<String> names) {
    for (String name : names) {
      if (topology.tables().stream().noneMatch(rule -> isNamed(rule, name))) {
        throw new ReshardingException(
            ErrorCode.INVALID_ARGUMENTS,
            "the table '"
                + name
                + "' is not in the topology; its tables are "
                + topology.tables().stream().map(TableRule::name).toList());
      }
    }
    return topology.tables().stream()
        .filter(rule -> names.isEmpty() || names.stream().anyMatch(name -> isNamed(rule, name)))
        .toList();
  }

  private static boolean isNamed(TableRule rule, String name) {
    return displayName(rule).equals(displayName(new TableRule(name, null, false)));
  }

  static String displayName(TableRule rule) {
    return rule.schema() + "." + rule.table();
  }
}
