package io.reshard.core.plan;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.reshard.core.postgres.Sql;
import java.io.Serializable;
import java.util.List;
import java.util.Set;

/**
 * A table that is moved.
 *
 * @param columns every column, in attribute order
 * @param primaryKey the columns of the primary key, in its order
 * @param shardKey the column that routes a row; null for a reference table
 * @param binaryCopy false if a column's binary form carries OIDs of the local catalog
 * @param createStatements DDL that makes the table on a new shard, without any index
 * @param primaryKeyIndex the primary key, built after the copy
 * @param indexes the other indexes and unique constraints, built after the primary key
 * @param foreignKeys added and validated before the cutover
 * @param estimatedRows rows over all sources, from statistics
 * @param estimatedBytes bytes of these rows, without indexes
 */
public record PlannedTable(
    String schema,
    String name,
    List<Column> columns,
    List<String> primaryKey,
    String shardKey,
    boolean binaryCopy,
    List<String> createStatements,
    IndexDefinition primaryKeyIndex,
    List<IndexDefinition> indexes,
    List<IndexDefinition> foreignKeys,
    long estimatedRows,
    long estimatedBytes)
    implements Serializable {

  /** Of these, equal values have one text, whatever a routing function makes of them. */
  private static final Set<String> ONE_TEXT =
      Set.of("smallint", "integer", "bigint", "uuid", "text", "character varying", "date");

  /** What so many rows have on average, without indexes. */
  public long bytesOf(long rows) {
    return estimatedBytes * rows / Math.max(1, estimatedRows);
  }

  /** Whether every shard has all rows of the table. */
  @JsonIgnore
  public boolean isReference() {
    return shardKey == null;
  }

  /** Whether a row has the same owner for as long as it has the same primary key. */
  public boolean ownerFollowsKey() {
    return !isReference()
        && primaryKey.contains(shardKey)
        && ONE_TEXT.contains(typeOf(shardKey).replaceFirst("\\(.*", ""));
  }

  /** The quoted name with its schema. */
  public String quotedName() {
    return Sql.qualified(schema, name);
  }

  /** The name as an operator writes it. */
  public String displayName() {
    return schema + "." + name;
  }

  /** The columns that are copied: all but the generated ones, which the target computes itself. */
  @JsonIgnore
  public List<String> copiedColumns() {
    return columns.stream().filter(column -> !column.generated()).map(Column::name).toList();
  }

  /** The type of {@code column} as {@code format_type} spells it. */
  public String typeOf(String column) {
    return columns.stream()
        .filter(candidate -> candidate.name().equals(column))
        .map(Column::type)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(displayName() + " has no " + column));
  }

  /** The types of the primary key's columns, in its order. */
  @JsonIgnore
  public List<String> primaryKeyTypes() {
    return primaryKey.stream().map(this::typeOf).toList();
  }
}
