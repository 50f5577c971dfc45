package io.reshard.job.change;

import java.io.Serializable;
import java.util.List;

/**
 * A table whose changes are captured.
 *
 * @param ordinal the table's ordinal in the plan, not negative
 * @param schema the schema's name as the catalog has it, not quoted
 * @param table the table's name as the catalog has it, not quoted; a partitioned table's root,
 *     whose publication must have {@code publish_via_partition_root}
 * @param keyColumns the columns of the primary key, in the order that events list their values
 */
public record CapturedTable(short ordinal, String schema, String table, List<KeyColumn> keyColumns)
    implements Serializable {

  /**
   * Checks the description.
   *
   * @throws IllegalArgumentException if the ordinal is negative, there is no key column, or one has
   *     a type that {@link KeyText} does not support
   */
  public CapturedTable {
    keyColumns = List.copyOf(keyColumns);
    if (ordinal < 0) {
      throw new IllegalArgumentException(
          "The ordinal of %s.%s is %d, and must not be negative".formatted(schema, table, ordinal));
    }
    if (keyColumns.isEmpty()) {
      throw new IllegalArgumentException(
          "%s.%s is captured without key columns; a captured table needs a primary key"
              .formatted(schema, table));
    }
    for (KeyColumn column : keyColumns) {
      if (!KeyText.supports(column.type())) {
        throw new IllegalArgumentException(
            ("Key column %s of %s.%s has type %s, which change capture cannot turn into text;"
                    + " supported are %s")
                .formatted(column.name(), schema, table, column.type(), KeyText.supportedTypes()));
      }
    }
  }

  @Override
  public String toString() {
    return schema + "." + table;
  }
}
