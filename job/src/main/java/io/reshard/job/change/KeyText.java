package io.reshard.job.change;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Takes out of PostgreSQL's text for a value of a key column what its comparison ignores: the
 * padding of {@code character}, trailing zeros of a {@code numeric} without a scale. So one key has
 * one text, and PostgreSQL, casting it back to the column's type, finds the row by it.
 *
 * <p>Types whose equal values can be printed in further ways are not supported, for the order of
 * two changes is kept by their text. Nor are text columns with a nondeterministic collation, which
 * their type does not tell: preflight refuses them.
 */
@FunctionalInterface
interface KeyText extends Serializable {

  /** A modifier, wherever it stands in the type. */
  Pattern MODIFIER = Pattern.compile("\\(\\d+(,-?\\d+)?\\)");

  Set<String> SUPPORTED =
      Set.of(
          "smallint",
          "integer",
          "bigint",
          "text",
          "character varying",
          "character",
          "bpchar",
          "uuid",
          "numeric",
          "boolean",
          "date",
          "timestamp without time zone",
          "timestamp with time zone");

  /**
   * The text of one key.
   *
   * @param printed the value as PostgreSQL prints it, not null
   */
  String of(String printed);

  /**
   * Whether a column of this type can be captured as a key.
   *
   * @param formatType the type as {@code format_type()} prints it, with or without a modifier
   */
  static boolean supports(String formatType) {
    return SUPPORTED.contains(withoutModifier(formatType));
  }

  /** The supported types, without modifiers, in alphabetical order: for messages. */
  static String supportedTypes() {
    return String.join(", ", new TreeSet<>(SUPPORTED));
  }

  /**
   * The conversion for a type.
   *
   * @throws IllegalArgumentException if the type is not supported
   */
  static KeyText forType(String formatType) {
    if (!supports(formatType)) {
      throw new IllegalArgumentException(
          "Type %s cannot be a captured key; supported are %s"
              .formatted(formatType, supportedTypes()));
    }
    // With a scale, PostgreSQL prints equal numbers alike.
    if (formatType.equals("numeric")) {
      return KeyText::withoutTrailingZeros;
    }
    return switch (withoutModifier(formatType)) {
      case "character", "bpchar" -> KeyText::withoutPadding;
      default -> printed -> printed;
    };
  }

  private static String withoutModifier(String formatType) {
    return MODIFIER.matcher(formatType).replaceFirst("");
  }

  private static String withoutPadding(String text) {
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == ' ') {
      end--;
    }
    return text.substring(0, end);
  }

  private static String withoutTrailingZeros(String numeric) {
    return Character.isLetter(numeric.charAt(numeric.length() - 1))
        ? numeric // NaN, Infinity
        : new BigDecimal(numeric).stripTrailingZeros().toPlainString();
  }
}
