package io.reshard.core.shard;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the names of tables must be like for Debezium to capture them. It takes the quotes off a
 * name that begins with one, and trips over a double quote in others. When a table first appears in
 * the stream, it looks up the columns by the table's name as a LIKE pattern, in which an underscore
 * stands for any character, and fails on a key column that it finds twice.
 */
public final class CaptureNames {

  /**
   * Finds the relations that would be taken for a table.
   *
   * <p>Parameters: schema, table, and an array of the primary key's columns. The result has one
   * column, the names as people write them.
   */
  public static final String LOOK_ALIKES =
      """
      SELECT DISTINCT n.nspname || '.' || c.relname
        FROM (VALUES (?::text, ?::text, ?::text[])) captured (schema, name, keys)
        JOIN pg_catalog.pg_namespace n ON n.nspname::text LIKE captured.schema
        JOIN pg_catalog.pg_class c
          ON c.relnamespace = n.oid AND c.relname::text LIKE captured.name
        JOIN pg_catalog.pg_attribute a
          ON a.attrelid = c.oid AND a.attname::text = ANY (captured.keys)
       WHERE (n.nspname::text <> captured.schema OR c.relname::text <> captured.name)
         AND c.relkind IN ('r', 'p', 'v', 'f', 'm')
         AND a.attnum > 0 AND NOT a.attisdropped
       ORDER BY 1
      """;

  private CaptureNames() {}

  /** Says which of the names cannot be captured, and why; empty if all can. */
  public static Optional<String> problem(String schema, String table, List<String> keyColumns) {
    return Stream.of(
            misread("schema", schema, schema.contains("\"")),
            misread("table", table, table.contains("\"")),
            keyColumns.stream()
                .map(name -> misread("column", name, false))
                .flatMap(Optional::stream)
                .findFirst())
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<String> misread(String kind, String name, boolean refused) {
    if (!refused && !name.startsWith("\"") && !name.startsWith("'") && !name.startsWith("`")) {
      return Optional.empty();
    }
    return Optional.of(
        ("The %s name %s has a quotation mark where change capture cannot cope with one: none may"
                + " begin with ', ` or \", and those of schemas and tables may not contain \"")
            .formatted(kind, name));
  }
}
