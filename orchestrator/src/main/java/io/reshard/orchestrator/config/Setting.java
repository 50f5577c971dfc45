package io.reshard.orchestrator.config;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Environment;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One key of reshard.yaml: its full name, its default as an operator would write it (null if it has
 * none), the rule that its value must keep, and how it is read.
 */
final class Setting<T> {
  private final String key;
  private final String defaultText;
  private final String rule;
  private final Function<String, T> parser;
  private final Predicate<T> valid;

  private Setting(
      String key, String defaultText, String rule, Function<String, T> parser, Predicate<T> valid) {
    this.key = key;
    this.defaultText = defaultText;
    this.rule = rule;
    this.parser = parser;
    this.valid = valid;
  }

  static Setting<Duration> duration(String key, String defaultText, String atLeast) {
    Duration smallest = Units.duration(atLeast);
    return new Setting<>(
        key,
        defaultText,
        "a duration of at least " + atLeast + ", such as 500ms, 5s or 2h",
        Units::duration,
        value -> value.compareTo(smallest) >= 0);
  }

  static Setting<Integer> integer(String key, String defaultText, int atLeast, int atMost) {
    return new Setting<>(
        key,
        defaultText,
        "a whole number from " + atLeast + " to " + atMost,
        Integer::valueOf,
        value -> value >= atLeast && value <= atMost);
  }

  static Setting<Long> size(String key) {
    return new Setting<>(
        key, null, "a size of at least 1KB, such as 50MB", Units::bytes, value -> value >= 1024);
  }

  static Setting<Double> number(String key) {
    return new Setting<>(key, null, "a number", Double::valueOf, value -> !value.isNaN());
  }

  static Setting<Boolean> flag(String key, String defaultText) {
    return new Setting<>(key, defaultText, "true or false", Setting::flag, value -> true);
  }

  private static Boolean flag(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException(text);
    };
  }

  static Setting<String> text(String key, String rule, Predicate<String> valid) {
    return text(key, null, rule, valid);
  }

  static Setting<String> text(
      String key, String defaultText, String rule, Predicate<String> valid) {
    return new Setting<>(key, defaultText, rule, Function.identity(), valid);
  }

  static <E extends Enum<E>> Setting<E> oneOf(String key, E defaultValue) {
    Class<E> type = defaultValue.getDeclaringClass();
    return new Setting<>(
        key,
        defaultValue.name(),
        "one of " + java.util.Arrays.toString(type.getEnumConstants()),
        text -> Enum.valueOf(type, text.toUpperCase(Locale.ROOT)),
        value -> true);
  }

  /** The value of {@code raw}, or of the default if it is null; null if there is neither. */
  T read(String raw) {
    String text = raw == null ? defaultText : Environment.resolve(raw, key);
    if (text == null) {
      return null;
    }
    try {
      T value = parser.apply(text);
      if (valid.test(value)) {
        return value;
      }
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw invalid(text, e);
    }
    throw invalid(text, null);
  }

  /** As {@link #read}, but a missing value is an error too. */
  T require(String raw) {
    T value = read(raw);
    if (value == null) {
      throw new ReshardingException(
          ErrorCode.INVALID_CONFIGURATION, key + " is missing; it must be " + rule);
    }
    return value;
  }

  /** {@code value} itself, if it keeps the rule. */
  T check(T value) {
    if (value == null || !valid.test(value)) {
      throw invalid(String.valueOf(value), null);
    }
    return value;
  }

  private ReshardingException invalid(String text, Exception cause) {
    return new ReshardingException(
        ErrorCode.INVALID_CONFIGURATION, key + ": '" + text + "' is not " + rule, cause);
  }
}
