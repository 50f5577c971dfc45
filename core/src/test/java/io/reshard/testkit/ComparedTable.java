package io.reshard.testkit;

import java.util.List;

/**
 * A table that {@link EndComparison} compares.
 *
 * @param name schema-qualified, written as in SQL
 * @param key columns that identify a row across all shards: the primary key, with the shard key
 *     added where each shard counts its ids by itself
 */
public record ComparedTable(String name, List<String> key) {
  public ComparedTable {
    key = List.copyOf(key);
    if (key.isEmpty()) {
      throw new IllegalArgumentException("table " + name + " needs at least one key column");
    }
  }
}
