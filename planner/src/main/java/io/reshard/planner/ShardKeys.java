package io.reshard.planner;

import io.reshard.core.error.ReshardingException;
import io.reshard.core.routing.RoutingSql;
import io.reshard.core.topology.TableRule;

/** Whether the shard keys of tables can be routed, under both topologies. */
final class ShardKeys {
  private final Migration migration;

  ShardKeys(Migration migration) {
    this.migration = migration;
  }

  /** What is wrong with the shard key, or null: only then rows can be routed in SQL. */
  String problem(TableRule rule, TableFacts table) {
    String label = "the shard key " + table.displayName() + "." + rule.shardKey();
    ColumnFacts column = table.column(rule.shardKey()).orElse(null);
    if (column == null) {
      return label + " is not a column";
    }
    try {
      RoutingSql.checkType(migration.sourceView(rule), column.type());
      RoutingSql.checkType(migration.targetView(rule), column.type());
    } catch (ReshardingException notRoutable) {
      return label + " has the type " + column.type() + ": " + notRoutable.getMessage();
    }
    if (column.type().equals("citext")) {
      return label + " has the type citext, of which equal keys differ in text";
    }
    if (!column.deterministic()) {
      return label + " has a nondeterministic collation";
    }
    return column.notNull() ? null : label + " may be null";
  }
}
