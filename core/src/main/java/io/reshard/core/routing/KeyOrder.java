package io.reshard.core.routing;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.Optional;

/**
 * The types whose values have one order in Java and in the server: the strategy range takes them.
 */
enum KeyOrder {
  INTEGER,
  NUMERIC,
  /** By the bytes of UTF-8, as the collation "C" has it: other collations differ by server. */
  TEXT,
  /** By the text form, which is the order of the bytes. */
  UUID,
  DATE,
  TIMESTAMP;

  /** Beyond all values that a numeric can have; not a number comes after infinity. */
  private static final BigDecimal INFINITE = new BigDecimal("1e1000000");

  /** The order of a type without its length or precision. */
  static Optional<KeyOrder> of(String base) {
    return switch (base) {
      case "smallint", "integer", "bigint" -> Optional.of(INTEGER);
      case "numeric" -> Optional.of(NUMERIC);
      case "text", "character varying" -> Optional.of(TEXT);
      case "uuid" -> Optional.of(UUID);
      case "date" -> Optional.of(DATE);
      case "timestamp without time zone" -> Optional.of(TIMESTAMP);
      default -> Optional.empty();
    };
  }

  /**
   * The value written {@code text}; IllegalArgumentException or DateTimeException if it is none.
   */
  Object parse(String text) {
    return switch (this) {
      case INTEGER -> Long.valueOf(text);
      case NUMERIC -> numeric(text);
      case TEXT -> text.getBytes(StandardCharsets.UTF_8);
      case UUID -> ShardKeyType.uuid(text).toString();
      case DATE -> date(text);
      case TIMESTAMP -> timestamp(text);
    };
  }

  private static BigDecimal numeric(String text) {
    return switch (text) {
      case "-Infinity" -> INFINITE.negate();
      case "Infinity" -> INFINITE;
      case "NaN" -> INFINITE.add(INFINITE);
      default -> new BigDecimal(text);
    };
  }

  private static LocalDate date(String text) {
    return switch (text) {
      case "-infinity" -> LocalDate.MIN;
      case "infinity" -> LocalDate.MAX;
      default -> LocalDate.parse(text);
    };
  }

  private static LocalDateTime timestamp(String text) {
    return switch (text) {
      case "-infinity" -> LocalDateTime.MIN;
      case "infinity" -> LocalDateTime.MAX;
      default -> LocalDateTime.parse(text.replace(' ', 'T'));
    };
  }

  /** Compares two values that {@link #parse} gave. */
  @SuppressWarnings("unchecked")
  int compare(Object one, Object other) {
    return this == TEXT
        ? Arrays.compareUnsigned((byte[]) one, (byte[]) other)
        : ((Comparable<Object>) one).compareTo(other);
  }

  /** The column as it is compared in SQL. */
  String sql(String column) {
    return this == TEXT ? "((" + column + ")::text COLLATE \"C\")" : column;
  }
}
