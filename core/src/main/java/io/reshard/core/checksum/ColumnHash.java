package io.reshard.core.checksum;

/**
 * The hash of one column. Every expression is null for a null and only for a null.
 *
 * <p>Not usable, although they look it: {@code hashint8extended} and {@code
 * timestamp_hash_extended} alone fold 64 bits to 32 (1 and 4294967296 collide under every seed);
 * {@code hash_numeric_extended} ignores sign and scale; {@code interval_hash_extended} takes a
 * month for 30 days; {@code hashenumextended} hashes an OID.
 */
final class ColumnHash {
  private ColumnHash() {}

  /**
   * @param column a quoted column
   * @param type its type as {@code format_type} spells it
   * @param seed a bigint literal
   */
  static String expression(String column, String type, String seed) {
    if (type.endsWith("[]")) {
      return ofText(column + "::text", seed);
    }
    return switch (type.replaceFirst("\\(.*\\)", "")) {
      case "smallint" -> "hashint2extended(" + column + ", " + seed + ")";
      case "integer" -> "hashint4extended(" + column + ", " + seed + ")";
      // The second hash brings back the upper half, which the first has folded into the lower.
      case "bigint" ->
          "hashint8extended(" + column + " >> 32, hashint8extended(" + column + ", " + seed + "))";
      case "boolean" -> "hashint4extended(" + column + "::integer, " + seed + ")";
      case "uuid" -> "uuid_hash_extended(" + column + ", " + seed + ")";
      case "real" -> ofFloat("hashfloat4extended", column, seed);
      case "double precision" -> ofFloat("hashfloat8extended", column, seed);
      case "text", "character varying" -> ofText(column, seed);
      // The cast to text would drop trailing blanks.
      case "character", "bpchar" -> ofText("textin(bpcharout(" + column + "))", seed);
      case "numeric",
          "date",
          "timestamp without time zone",
          "timestamp with time zone",
          "interval",
          "bytea",
          "json",
          "jsonb" ->
          ofText(column + "::text", seed);
      default -> ofOutput(column, seed);
    };
  }

  /** Equal means identical for all numbers but zero: -0 equals 0. */
  private static String ofFloat(String function, String column, String seed) {
    return "CASE WHEN "
        + column
        + " = 0 THEN "
        + ofText(column + "::text", seed)
        + " ELSE "
        + function
        + "("
        + column
        + ", "
        + seed
        + ") END";
  }

  private static String ofText(String text, String seed) {
    return "hashtextextended(" + text + " COLLATE \"C\", " + seed + ")";
  }

  /**
   * The type's own output function, which {@code concat} always calls: a cast to text may be
   * somebody's function and lose something. IS NULL would be true of a composite value of nulls.
   */
  private static String ofOutput(String column, String seed) {
    return "CASE WHEN "
        + column
        + " IS DISTINCT FROM NULL THEN "
        + ofText("concat(" + column + ")", seed)
        + " END";
  }
}
