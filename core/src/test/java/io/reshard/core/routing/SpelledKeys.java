package io.reshard.core.routing;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Keys of a type as applications write them.
 *
 * @param bounds some values in ascending order, not as the server would print them
 */
record SpelledKeys(String type, List<String> bounds, List<String> texts) {
  private static final int RANDOM = 40;

  static List<SpelledKeys> ofAllTypes(Random random) {
    List<SpelledKeys> all = new ArrayList<>(numbers(random));
    all.addAll(texts(random));
    all.addAll(moments(random));
    return all;
  }

  private static List<SpelledKeys> numbers(Random random) {
    List<SpelledKeys> all = new ArrayList<>();
    for (String type : List.of("numeric", "numeric(30,3)", "numeric(30)")) {
      all.add(
          new SpelledKeys(
              type,
              List.of("-1.0e1", "0", "12.50"),
              texts(
                  () ->
                      new BigDecimal(new BigInteger(40, random), random.nextInt(9) - 3).toString(),
                  "1.00",
                  "1",
                  "1e3",
                  "-0",
                  "-0.00",
                  "0.0005",
                  "-2.5",
                  "1.5E-3",
                  "NaN",
                  "-10",
                  "12.5")));
    }
    all.add(
        new SpelledKeys(
            "smallint", List.of("-5", "007"), List.of("7", "-5", "+7", "32767", " 12")));
    return all;
  }

  private static List<SpelledKeys> texts(Random random) {
    List<SpelledKeys> all = new ArrayList<>();
    all.add(
        new SpelledKeys(
            "character(6)",
            List.of("a  ", "b"),
            texts(
                () -> Integer.toString(random.nextInt(9999)) + " ",
                "a",
                "a ",
                "a     ",
                " a",
                "",
                "b ")));
    all.add(
        new SpelledKeys(
            "boolean",
            List.of("f", "YES"),
            List.of("true", "t", "TRUE", "on", "1", "yes", "false", "f", "off", "0", "no")));
    all.add(
        new SpelledKeys(
            "uuid",
            List.of("{00000000-0000-0000-0000-000000000001}", "A0EEBC999C0B4EF8BB6D6BB9BD380A11"),
            texts(
                () ->
                    new UUID(random.nextLong(), random.nextLong())
                        .toString()
                        .toUpperCase(Locale.ROOT),
                "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
                "00000000-0000-0000-0000-000000000001")));
    all.add(
        new SpelledKeys(
            "bytea", List.of("\\x00", "\\xABCD"), List.of("\\x", "\\xabcd", "\\xABcd", "\\x00")));
    all.add(
        new SpelledKeys(
            "character varying(20)", List.of("a ", "b"), List.of("a", "a ", "", "żółć")));
    return all;
  }

  private static List<SpelledKeys> moments(Random random) {
    List<SpelledKeys> all = new ArrayList<>();
    all.add(
        new SpelledKeys(
            "date",
            List.of("1999-12-31", "2024-02-29"),
            texts(
                () -> LocalDate.ofEpochDay(random.nextInt(40_000)).toString(),
                "0001-01-01",
                "9999-12-31",
                "1999-12-31",
                "infinity",
                "-infinity")));
    LocalDateTime start = LocalDateTime.of(1999, 12, 31, 23, 0);
    all.add(
        new SpelledKeys(
            "timestamp without time zone",
            List.of("1999-12-31T00:00", "2024-02-29T12:00:00.50"),
            texts(
                () -> start.plusNanos(random.nextLong(1L << 60) / 1000 * 1000).toString(),
                "2024-02-29T12:00:00.500000",
                "2024-02-29 12:00:00",
                "1999-12-31T00:00:00",
                "infinity")));
    all.add(
        new SpelledKeys(
            "timestamp with time zone",
            List.of("1999-12-31T00:00Z", "2024-02-29 12:00:00.50+01:00"),
            texts(
                () ->
                    OffsetDateTime.of(
                            start.plusSeconds(random.nextInt()),
                            ZoneOffset.ofHours(random.nextInt(20) - 10))
                        .toString(),
                "2024-02-29 12:00:00+09",
                "2024-02-29 03:00:00+00",
                "2024-02-29T11:00:00.5Z",
                "infinity")));
    return all;
  }

  private static List<String> texts(Supplier<String> random, String... given) {
    return Stream.concat(Arrays.stream(given), Stream.generate(random).limit(RANDOM)).toList();
  }
}
