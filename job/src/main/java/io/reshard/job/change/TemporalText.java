package io.reshard.job.change;

import io.debezium.time.Date;
import io.debezium.time.MicroTimestamp;
import io.debezium.time.Timestamp;
import io.debezium.time.ZonedTimestamp;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** The texts of dates and timestamps, as PostgreSQL prints them with DateStyle ISO. */
final class TemporalText {

  /**
   * What Debezium makes of infinite dates. Both lie before PostgreSQL's first date (4714 BC), so
   * they cannot be mistaken for a date.
   */
  private static final int INFINITY_DAYS =
      Math.toIntExact(LocalDate.parse("-5877611-06-21").toEpochDay());

  private static final int NEGATIVE_INFINITY_DAYS =
      Math.toIntExact(LocalDate.parse("-5877611-06-22").toEpochDay());

  /**
   * What Debezium makes of infinite timestamps: microseconds that pgjdbc means as milliseconds. One
   * real timestamp in the year 294247 has the same number, and one before PostgreSQL's first.
   */
  private static final long INFINITY_MICROS = 9223372036825200000L;

  private static final long NEGATIVE_INFINITY_MICROS = -9223372036832400000L;

  private static final long MICROS_PER_SECOND = 1_000_000L;

  private TemporalText() {}

  static String date(Object value, String schemaName) {
    if (!(value instanceof Integer days) || !Date.SCHEMA_NAME.equals(schemaName)) {
      throw KeyTexts.unexpected(value);
    }
    if (days == INFINITY_DAYS) {
      return "infinity";
    }
    if (days == NEGATIVE_INFINITY_DAYS) {
      return "-infinity";
    }
    return withEra(LocalDate.ofEpochDay(days), "");
  }

  static String timestamp(Object value, String schemaName) {
    if (!(value instanceof Long number)) {
      throw KeyTexts.unexpected(value);
    }
    if (MicroTimestamp.SCHEMA_NAME.equals(schemaName)) {
      return timestampOfMicros(number);
    }
    if (Timestamp.SCHEMA_NAME.equals(schemaName)) {
      return timestampOfMillis(number);
    }
    throw KeyTexts.unexpected(value);
  }

  private static String timestampOfMillis(long millis) {
    if (millis == Math.floorDiv(INFINITY_MICROS, 1000L)) {
      return "infinity";
    }
    if (millis == Math.floorDiv(NEGATIVE_INFINITY_MICROS, 1000L)) {
      return "-infinity";
    }
    return timestampOfMicros(Math.multiplyExact(millis, 1000L));
  }

  private static String timestampOfMicros(long micros) {
    if (micros == INFINITY_MICROS) {
      return "infinity";
    }
    if (micros == NEGATIVE_INFINITY_MICROS) {
      return "-infinity";
    }
    LocalDateTime timestamp =
        LocalDateTime.ofEpochSecond(
            Math.floorDiv(micros, MICROS_PER_SECOND),
            Math.toIntExact(Math.floorMod(micros, MICROS_PER_SECOND)) * 1000,
            ZoneOffset.UTC);
    return withEra(timestamp.toLocalDate(), " " + timeOfDay(timestamp));
  }

  static String timestampWithZone(Object value, String schemaName) {
    if (!(value instanceof String text) || !ZonedTimestamp.SCHEMA_NAME.equals(schemaName)) {
      throw KeyTexts.unexpected(value);
    }
    if (text.equals("infinity") || text.equals("-infinity")) {
      return text;
    }
    LocalDateTime timestamp =
        OffsetDateTime.parse(text).withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime();
    return withEra(timestamp.toLocalDate(), " " + timeOfDay(timestamp) + "+00");
  }

  private static String timeOfDay(LocalDateTime timestamp) {
    int micros = timestamp.getNano() / 1000;
    String seconds =
        "%02d:%02d:%02d"
            .formatted(timestamp.getHour(), timestamp.getMinute(), timestamp.getSecond());
    return micros == 0 ? seconds : seconds + ".%06d".formatted(micros).replaceFirst("0+$", "");
  }

  /** ISO counts a year 0 that PostgreSQL calls 1 BC. */
  private static String withEra(LocalDate date, String timeOfDay) {
    int year = date.getYear();
    String day = "-%02d-%02d".formatted(date.getMonthValue(), date.getDayOfMonth());
    return year > 0
        ? "%04d".formatted(year) + day + timeOfDay
        : "%04d".formatted(1 - year) + day + timeOfDay + " BC";
  }
}
