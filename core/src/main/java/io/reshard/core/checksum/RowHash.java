package io.reshard.core.checksum;

import io.reshard.core.plan.Column;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import java.util.ArrayList;
import java.util.List;

/**
 * A 64-bit hash of a row as an SQL expression: rows that differ in any way that a user could see
 * have different hashes, 1.0 and 1.00 or -0 and 0 included, and equal rows have equal ones in every
 * database, whatever the OIDs of its enums.
 *
 * <p>Each column is hashed with a seed of its own, the hashes are combined by XOR, and the result
 * is hashed once more. The last step matters for the sum over many rows: without it, values that
 * were swapped between two rows would nearly cancel. (PostgreSQL's {@code hash_record_extended}
 * combines linearly and has that weakness.)
 *
 * <p>A column goes through PostgreSQL's extended hash function where equal means identical, and in
 * its text form elsewhere. So a session must have {@link #SESSION} before it evaluates the hash.
 * Both databases must have the same encoding.
 */
public final class RowHash {
  /** The settings that the text forms depend on. The text forms also need these to be lossless. */
  public static final String SESSION =
      """
      SET search_path = '';
      SET DateStyle = 'ISO, YMD';
      SET IntervalStyle = 'postgres';
      SET TimeZone = 'UTC';
      SET extra_float_digits = 3;
      SET bytea_output = 'hex';
      SET lc_monetary = 'C';
      SET quote_all_identifiers = off;
      SET row_security = off;
      """;

  /** The golden ratio's fraction: its multiples are spread evenly over 64 bits. */
  private static final long SEED_STEP = 0x9E3779B97F4A7C15L;

  private RowHash() {}

  /** A bigint expression, never null, over all columns of {@code table} behind {@code alias}. */
  public static String ofRow(PlannedTable table, String alias) {
    return combine(table, table.columns(), alias);
  }

  /** A bigint expression, never null, over the primary key alone. */
  public static String ofKey(PlannedTable table, String alias) {
    List<Column> key =
        table.columns().stream()
            .filter(column -> table.primaryKey().contains(column.name()))
            .toList();
    return combine(table, key, alias);
  }

  private static String combine(PlannedTable table, List<Column> columns, String alias) {
    List<String> hashes = new ArrayList<>();
    for (Column column : columns) {
      long ordinal = table.columns().indexOf(column) + 1L;
      String hash =
          ColumnHash.expression(
              alias + "." + Sql.identifier(column.name()),
              column.type(),
              literal(ordinal * SEED_STEP));
      // A null has a hash of its own, as far from those of values as they are from each other.
      hashes.add(
          table.primaryKey().contains(column.name())
              ? hash
              : "coalesce(" + hash + ", " + literal(~(ordinal * SEED_STEP)) + ")");
    }
    // The combination is the seed: a bigint's own hash function would fold it to 32 bits.
    return "hashint4extended(0, " + String.join("\n # ", hashes) + ")";
  }

  private static String literal(long value) {
    return "'" + value + "'::bigint";
  }
}
