package io.reshard.orchestrator.cli;

import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. */
final class Numbers {
  private Numbers() {}

  /** {@code 1,234,567}. */
  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** {@code 1.5 GB}. */
  static String bytes(long bytes) {
    String[] units = {"B", "KB", "MB", "GB", "TB", "PB"};
    double amount = bytes;
    int unit = 0;
    while (amount >= 1024 && unit < units.length - 1) {
      amount /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
  }

  /** {@code 0.4 s}, {@code 75 s}, {@code 12 min}, {@code 3 h 5 min}. */
  static String duration(Duration duration) {
    double seconds = duration.toMillis() / 1000.0;
    if (seconds < 10) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    if (seconds < 120) {
      return Math.round(seconds) + " s";
    }
    long minutes = duration.toMinutes();
    return minutes < 120 ? minutes + " min" : minutes / 60 + " h " + minutes % 60 + " min";
  }

  static String millis(long millis) {
    return duration(Duration.ofMillis(millis));
  }
}
