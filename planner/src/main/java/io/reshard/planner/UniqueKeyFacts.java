package io.reshard.planner;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A primary key or a unique index: values that a shard may hold once.
 *
 * @param name of the index
 * @param primary whether it is the primary key
 * @param columns the plain columns among its parts
 * @param parts expressions over the table's columns, of which equal ones have one text
 * @param predicate of a partial index; or null
 */
record UniqueKeyFacts(
    String name, boolean primary, List<String> columns, List<String> parts, String predicate) {

  /** An expression whose text tells keys apart; it quotes what needs it. */
  String text() {
    return "ROW(" + String.join(", ", parts) + ")::text";
  }

  /** Holds for rows that are in the index and have no null in it: nulls do not collide. */
  String condition() {
    String filled =
        parts.stream().map(part -> part + " IS NOT NULL").collect(Collectors.joining(" AND "));
    return predicate == null ? filled : filled + " AND (" + predicate + ")";
  }

  /** The key in words. */
  String label() {
    return primary ? "the primary key" : "in the unique index " + name + " the value";
  }
}
