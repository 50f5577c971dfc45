package io.reshard.orchestrator.config;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations such as {@code 500ms}, {@code 5s}, {@code 2h}, and sizes such as {@code 50MB}. */
public final class Units {
  private static final Pattern QUANTITY = Pattern.compile("(\\d{1,15})\\s*([A-Za-z]*)");

  private Units() {}

  /** The duration written as {@code text}; {@link IllegalArgumentException} if it is none. */
  public static Duration duration(String text) {
    Matcher matcher = match(text);
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m", "min" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      case "d" -> Duration.ofDays(amount);
      default -> throw new IllegalArgumentException(text);
    };
  }

  /** The bytes written as {@code text}, in powers of 1024. */
  public static long bytes(String text) {
    Matcher matcher = match(text);
    long amount = Long.parseLong(matcher.group(1));
    int shift =
        switch (matcher.group(2).toUpperCase(Locale.ROOT)) {
          case "", "B" -> 0;
          case "KB" -> 10;
          case "MB" -> 20;
          case "GB" -> 30;
          default -> throw new IllegalArgumentException(text);
        };
    return Math.multiplyExact(amount, 1L << shift);
  }

  private static Matcher match(String text) {
    Matcher matcher = QUANTITY.matcher(text.trim());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(text);
    }
    return matcher;
  }

  /** {@code duration} as an operator writes it, rounded down to its largest fitting unit. */
  public static String text(Duration duration) {
    long millis = duration.toMillis();
    if (millis < 1_000 || (millis % 1_000 != 0 && millis < 10_000)) {
      return millis + "ms";
    }
    long seconds = duration.toSeconds();
    if (seconds < 120 || (seconds % 60 != 0 && seconds < 600)) {
      return seconds + "s";
    }
    long minutes = duration.toMinutes();
    return minutes < 120 || minutes % 60 != 0 ? minutes + "m" : duration.toHours() + "h";
  }
}
