package io.reshard.job.change;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeSet;

/**
 * Turns the connector's value of a key column into the text that PostgreSQL prints for it, so that
 * the text, cast back to the column's type, finds the row.
 */
@FunctionalInterface
public interface KeyText extends Serializable {

  /**
   * The text of one value.
   *
   * @param value the value as Debezium represents it, not null
   * @param schemaName the name of the value's Kafka Connect schema, or null for a plain type
   * @throws IllegalArgumentException if Debezium's value cannot stand for exactly one PostgreSQL
   *     value
   */
  String of(Object value, String schemaName);

  /**
   * Whether the values of this type can be turned into text exactly.
   *
   * @param formatType the type as {@code format_type()} prints it, with or without a modifier
   */
  static boolean supports(String formatType) {
    return SupportedTypes.BY_NAME.containsKey(SupportedTypes.baseName(formatType));
  }

  /** The supported types, without modifiers, in alphabetical order: for messages. */
  static String supportedTypes() {
    return String.join(", ", new TreeSet<>(SupportedTypes.BY_NAME.keySet()));
  }

  /**
   * The conversion for a type.
   *
   * @throws IllegalArgumentException if the type is not supported
   */
  static KeyText forType(String formatType) {
    KeyText text = SupportedTypes.BY_NAME.get(SupportedTypes.baseName(formatType));
    if (text == null) {
      throw new IllegalArgumentException(
          "Type %s cannot be a captured key; supported are %s"
              .formatted(formatType, supportedTypes()));
    }
    return text;
  }

  /** The conversions by the name of their type. */
  final class SupportedTypes {

    static final Map<String, KeyText> BY_NAME =
        Map.ofEntries(
            Map.entry("smallint", (value, schema) -> integer(value)),
            Map.entry("integer", (value, schema) -> integer(value)),
            Map.entry("bigint", (value, schema) -> integer(value)),
            Map.entry("text", (value, schema) -> string(value)),
            Map.entry("character varying", (value, schema) -> string(value)),
            Map.entry("character", (value, schema) -> string(value)),
            Map.entry("bpchar", (value, schema) -> string(value)),
            Map.entry("citext", (value, schema) -> string(value)),
            Map.entry("uuid", (value, schema) -> string(value)),
            Map.entry("numeric", (value, schema) -> string(value)),
            Map.entry("boolean", (value, schema) -> bool(value)),
            Map.entry("date", TemporalText::date),
            Map.entry("timestamp without time zone", TemporalText::timestamp),
            Map.entry("timestamp with time zone", TemporalText::timestampWithZone));

    private SupportedTypes() {}

    /** Cuts off the schema of an extension's type, and the modifier wherever it stands. */
    static String baseName(String formatType) {
      String name = formatType.replaceFirst("\\([-0-9, ]*\\)", "");
      return name.endsWith(".citext") ? "citext" : name;
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
}
