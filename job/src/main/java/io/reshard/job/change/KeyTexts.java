package io.reshard.job.change;

import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The conversions by the name of their type. */
final class KeyTexts {

  /**
   * A modifier, wherever it stands in the type. One with a negative number (a scale of {@code
   * numeric}) is left in the name and so found nowhere: Debezium misreads it.
   */
  private static final Pattern MODIFIER = Pattern.compile("\\(\\d+(,\\d+)?\\)");

  private static final KeyText INTEGER = (value, schema) -> integer(value);
  private static final KeyText STRING = (value, schema) -> string(value);
  private static final KeyText CHARACTER = (value, schema) -> unpadded(string(value));
  private static final KeyText NUMERIC = (value, schema) -> numeric(value);
  private static final KeyText NUMERIC_ANY_SCALE = (value, schema) -> anyScale(numeric(value));

  private static final Map<String, KeyText> BY_NAME =
      Map.ofEntries(
          Map.entry("smallint", INTEGER),
          Map.entry("integer", INTEGER),
          Map.entry("bigint", INTEGER),
          Map.entry("text", STRING),
          Map.entry("character varying", STRING),
          Map.entry("character", CHARACTER),
          Map.entry("bpchar", CHARACTER),
          Map.entry("citext", STRING),
          Map.entry("uuid", STRING),
          Map.entry("numeric", NUMERIC),
          Map.entry("boolean", (value, schema) -> bool(value)),
          Map.entry("date", TemporalText::date),
          Map.entry("timestamp without time zone", TemporalText::timestamp),
          Map.entry("timestamp with time zone", TemporalText::timestampWithZone));

  private KeyTexts() {}

  /** The conversion for a type as {@code format_type()} prints it, or null if there is none. */
  static KeyText find(String formatType) {
    if (isCitext(formatType)) {
      return STRING;
    }
    if (formatType.equals("numeric")) {
      return NUMERIC_ANY_SCALE;
    }
    return BY_NAME.get(MODIFIER.matcher(formatType).replaceFirst(""));
  }

  /** An extension's type is printed with its schema where that is not on the search path. */
  static boolean isCitext(String formatType) {
    return formatType.equals("citext") || formatType.endsWith(".citext");
  }

  static String names() {
    return String.join(", ", new TreeSet<>(BY_NAME.keySet()));
  }

  private static String integer(Object value) {
    if (value instanceof Long || value instanceof Integer || value instanceof Short) {
      return value.toString();
    }
    throw unexpected(value);
  }

  private static String string(Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw unexpected(value);
  }

  private static String unpadded(String text) {
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == ' ') {
      end--;
    }
    return text.substring(0, end);
  }

  private static String numeric(Object value) {
    String text = string(value);
    return text.equals("NAN") ? "NaN" : text;
  }

  private static String anyScale(String numeric) {
    return numeric.equals("NaN")
        ? numeric
        : new BigDecimal(numeric).stripTrailingZeros().toPlainString();
  }

  private static String bool(Object value) {
    if (value instanceof Boolean bool) {
      return bool ? "t" : "f";
    }
    throw unexpected(value);
  }

  static IllegalArgumentException unexpected(Object value) {
    return new IllegalArgumentException(
        "the connector delivered " + value + " of " + value.getClass().getName());
  }
}
