package io.reshard.core.routing;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The type of a shard key's column: how its values are hashed and ordered, and how the server
 * writes them. A key that an application has as text can be spelled in other ways; it is hashed and
 * compared as the server would print it once it is in the column. Immutable.
 */
final class ShardKeyType {
  private static final Pattern SPELLING =
      Pattern.compile("([^(]*)\\((-?\\d+)(?:,(-?\\d+))?\\)(.*)");
  private static final Pattern HEXADECIMAL = Pattern.compile("\\\\x(?:[0-9a-fA-F]{2})*");
  private static final Pattern UUID_DIGITS =
      Pattern.compile(
          "([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})");
  private static final Set<String> TRUE = Set.of("true", "t", "yes", "y", "on", "1");
  private static final Set<String> FALSE = Set.of("false", "f", "no", "n", "off", "0");

  /** Names that {@code format_type} does not use. */
  private static final Map<String, String> ALIASES =
      Map.ofEntries(
          Map.entry("int2", "smallint"),
          Map.entry("int", "integer"),
          Map.entry("int4", "integer"),
          Map.entry("int8", "bigint"),
          Map.entry("varchar", "character varying"),
          Map.entry("char", "character"),
          Map.entry("bpchar", "character"),
          Map.entry("decimal", "numeric"),
          Map.entry("bool", "boolean"),
          Map.entry("timestamp", "timestamp without time zone"),
          Map.entry("timestamptz", "timestamp with time zone"));

  private static final DateTimeFormatter TIMESTAMP =
      new DateTimeFormatterBuilder()
          .appendPattern("uuuu-MM-dd HH:mm:ss")
          .appendFraction(ChronoField.MICRO_OF_SECOND, 0, 6, true)
          .toFormatter(Locale.ROOT);

  private final String spelled;
  private final String base;
  private final KeyType family;
  private final Optional<Integer> precision;
  private final Optional<Integer> scale;

  private ShardKeyType(
      String spelled, String base, Optional<Integer> precision, Optional<Integer> scale) {
    this.spelled = spelled;
    this.base = ALIASES.getOrDefault(base, base);
    this.family = KeyType.of(this.base);
    this.precision = precision;
    this.scale = scale;
  }

  /** The type as {@code format_type} or an application spells it, with its length or precision. */
  static ShardKeyType of(String formatType) {
    String spelled = formatType.strip().toLowerCase(Locale.ROOT);
    Matcher modified = SPELLING.matcher(spelled);
    if (!modified.matches()) {
      return new ShardKeyType(formatType, spelled, Optional.empty(), Optional.empty());
    }
    return new ShardKeyType(
        formatType,
        modified.group(1).strip() + modified.group(4),
        Optional.of(Integer.valueOf(modified.group(2))),
        Optional.ofNullable(modified.group(3)).map(Integer::valueOf));
  }

  @Override
  public String toString() {
    return spelled;
  }

  /** The type without its length or precision, as {@code format_type} spells it. */
  String base() {
    return base;
  }

  KeyType family() {
    return family;
  }

  /** The order of its values, if the server and Java have the same. */
  Optional<KeyOrder> order() {
    return KeyOrder.of(base);
  }

  /**
   * The text that the server prints for the value that is written {@code text}, with the settings
   * of {@code key_text}. Text of a type that is not known here is taken for that already.
   * IllegalArgumentException or DateTimeException if it is no value, or if the value depends on a
   * session's settings.
   */
  String canonical(String text) {
    return switch (base) {
      case "smallint", "integer", "bigint" -> Long.toString(Long.parseLong(text.strip()));
      case "uuid" -> uuid(text).toString();
      case "character" -> withoutPadding(text);
      case "numeric" -> numeric(text.strip());
      case "boolean" -> bool(text.strip().toLowerCase(Locale.ROOT));
      case "date" -> isInfinite(text) ? text : LocalDate.parse(text).toString();
      case "timestamp without time zone" -> isInfinite(text) ? text : timestamp(text);
      case "timestamp with time zone" -> isInfinite(text) ? text : instant(text);
      case "bytea" -> bytes(text);
      default -> text;
    };
  }

  /** In all the spellings that the server takes. */
  static UUID uuid(String text) {
    boolean braces = text.startsWith("{") && text.endsWith("}");
    Matcher digits = UUID_DIGITS.matcher(braces ? text.substring(1, text.length() - 1) : text);
    if (!digits.matches()) {
      throw new IllegalArgumentException("no uuid: " + text);
    }
    return UUID.fromString(
        String.join(
            "-",
            digits.group(1),
            digits.group(2),
            digits.group(3),
            digits.group(4),
            digits.group(5)));
  }

  private static String withoutPadding(String text) {
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == ' ') {
      end--;
    }
    return text.substring(0, end);
  }

  private String numeric(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "nan" -> "NaN";
      case "infinity", "inf", "+infinity", "+inf" -> "Infinity";
      case "-infinity", "-inf" -> "-Infinity";
      default -> rounded(new BigDecimal(text)).toPlainString();
    };
  }

  /** As the server rounds what a column has no digits for: away from zero. */
  private BigDecimal rounded(BigDecimal value) {
    return precision.isPresent()
        ? value.setScale(scale.orElse(0), RoundingMode.HALF_UP)
        : value.setScale(Math.max(value.scale(), 0));
  }

  private static String bool(String text) {
    if (TRUE.contains(text)) {
      return "true";
    }
    if (FALSE.contains(text)) {
      return "false";
    }
    throw new IllegalArgumentException("no boolean: " + text);
  }

  private static boolean isInfinite(String text) {
    return text.equals("infinity") || text.equals("-infinity");
  }

  private String timestamp(String text) {
    return written(LocalDateTime.parse(text.replace(' ', 'T')));
  }

  /** Without an offset it would be another instant in every time zone. */
  private String instant(String text) {
    String iso =
        text.replaceFirst("^(\\S+) (\\S+)$", "$1T$2").replaceFirst("([+-]\\d\\d)$", "$1:00");
    OffsetDateTime parsed = OffsetDateTime.parse(iso);
    return written(parsed.withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime()) + "+00";
  }

  private String written(LocalDateTime value) {
    int digits = precision.orElse(6);
    int unit = BigDecimal.TEN.pow(9 - digits).intValueExact();
    if (value.get(ChronoField.NANO_OF_SECOND) % unit != 0) {
      throw new IllegalArgumentException(
          "the column keeps " + digits + " digits of a second: " + value);
    }
    return TIMESTAMP.format(value);
  }

  private static String bytes(String text) {
    if (!HEXADECIMAL.matcher(text).matches()) {
      throw new IllegalArgumentException("not in hexadecimal digits: " + text);
    }
    return text.toLowerCase(Locale.ROOT);
  }
}
