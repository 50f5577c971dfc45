package io.reshard.job.change;

import java.io.Serializable;

/**
 * Turns the connector's value of a key column into text that PostgreSQL, casting it back to the
 * column's type, finds the row by: the text that PostgreSQL itself prints, but without what its
 * comparison ignores (the padding of {@code character}, trailing zeros of a {@code numeric} without
 * a scale). So one key has one text, except where {@link #isUnique} says otherwise.
 */
@FunctionalInterface
public interface KeyText extends Serializable {

  /**
   * The text of one value.
   *
   * @param value the value as Debezium represents it, not null
   * @param schemaName the name of the value's Kafka Connect schema, or null for a plain type
   * @throws IllegalArgumentException if Debezium's value does not stand for exactly one value of
   *     PostgreSQL
   */
  String of(Object value, String schemaName);

  /**
   * Whether the values of this type can be turned into text.
   *
   * @param formatType the type as {@code format_type()} prints it, with or without a modifier
   */
  static boolean supports(String formatType) {
    return KeyTexts.find(formatType) != null;
  }

  /**
   * Whether equal keys of this supported type always have the same text. Where they have not, two
   * events of one row can differ in their key's text, and must not be told apart by it.
   *
   * <p>Columns with a nondeterministic collation cannot be recognized by their type; none of their
   * texts are unique either.
   */
  static boolean isUnique(String formatType) {
    return !KeyTexts.isCitext(formatType);
  }

  /** The supported types, without modifiers, in alphabetical order: for messages. */
  static String supportedTypes() {
    return KeyTexts.names();
  }

  /**
   * The conversion for a type.
   *
   * @throws IllegalArgumentException if the type is not supported
   */
  static KeyText forType(String formatType) {
    KeyText text = KeyTexts.find(formatType);
    if (text == null) {
      throw new IllegalArgumentException(
          "Type %s cannot be a captured key; supported are %s"
              .formatted(formatType, supportedTypes()));
    }
    return text;
  }
}
