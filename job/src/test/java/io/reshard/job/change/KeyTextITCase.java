package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Keys of each supported type, through PostgreSQL and the connector and back to PostgreSQL. */
class KeyTextITCase {

  /** Values by type, as SQL literals without their quotes. */
  private static final Map<String, List<String>> KEYS = new LinkedHashMap<>();

  static {
    KEYS.put("smallint", List.of("-32768", "0", "32767"));
    KEYS.put("integer", List.of("-2147483648", "42", "2147483647"));
    KEYS.put("bigint", List.of("-9223372036854775808", "42", "9223372036854775807"));
    KEYS.put("text", List.of("", " a ", "ä€😀", "line\nbreak", "{\"json\": [1]}", "null", "\\N"));
    KEYS.put("character varying(40)", List.of("", "a'b\"c", "ends with blank "));
    KEYS.put("character varying", List.of("x"));
    KEYS.put("character(5)", List.of("", "ab", "abcde"));
    KEYS.put(
        "uuid",
        List.of("00000000-0000-0000-0000-000000000000", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"));
    KEYS.put("boolean", List.of("true", "false"));
    KEYS.put(
        "numeric",
        List.of(
            "0",
            "-0.10",
            "1.50",
            "12345678901234567890123456789.0123456789",
            "1e-20",
            "1e30",
            "NaN",
            "Infinity"));
    KEYS.put("numeric(10,2)", List.of("0", "-1.5", "99999999.99", "NaN"));
    KEYS.put("numeric(38,0)", List.of("99999999999999999999999999999999999999"));
    KEYS.put(
        "date",
        List.of(
            "2024-02-29",
            "1582-10-10",
            "0001-01-01",
            "0044-03-15 BC",
            "4713-01-01 BC",
            "9999-12-31",
            "10000-01-01",
            "5874897-12-31",
            "infinity",
            "-infinity"));
    for (String type :
        List.of(
            "timestamp without time zone",
            "timestamp(3) without time zone",
            "timestamp(0) without time zone")) {
      KEYS.put(
          type,
          List.of(
              "2024-02-29 23:59:59.999999",
              "1969-12-31 23:59:59.000001",
              "0001-01-01 00:00:00",
              "0044-03-15 01:02:03.004 BC",
              "4713-01-01 00:00:00 BC",
              "9999-12-31 23:59:59",
              "12345-01-01 00:00:00",
              "infinity",
              "-infinity"));
    }
    for (String type : List.of("timestamp with time zone", "timestamp(3) with time zone")) {
      KEYS.put(
          type,
          List.of(
              "2024-02-29 23:59:59.999999+00",
              "2024-10-27 02:30:00+02",
              "1900-01-01 00:00:00+00",
              "0044-03-15 01:02:03 BC",
              "9999-12-31 23:59:59+00",
              "12345-01-01 00:00:00+00",
              "infinity",
              "-infinity"));
    }
  }

  private final TimeZone own = TimeZone.getDefault();

  /**
   * pgjdbc hands its own zone to the server, and one key must have one text wherever it is read.
   */
  @BeforeEach
  void liveElsewhere() {
    TimeZone.setDefault(TimeZone.getTimeZone("America/St_Johns"));
  }

  @AfterEach
  void goHome() {
    TimeZone.setDefault(own);
  }

  @Test
  void textOfEachKeyFindsTheRow() {
    try (TestShard shard = TestShard.create()) {
      List<String> types = new ArrayList<>(KEYS.keySet());
      List<CapturedTable> tables = new ArrayList<>();
      int rows = 0;
      for (String type : types) {
        int ordinal = tables.size();
        shard.sql("CREATE TABLE t%d (filler int, k %s PRIMARY KEY)".formatted(ordinal, type));
        tables.add(TestShard.table(ordinal, "public", "t" + ordinal, "k", type));
        rows += KEYS.get(type).size();
      }
      shard.publish(tables.stream().map(t -> t.table() + " (k)").toArray(String[]::new));
      for (int i = 0; i < types.size(); i++) {
        for (String key : KEYS.get(types.get(i))) {
          shard.sql(
              "INSERT INTO t%d VALUES (1, E'%s')"
                  .formatted(i, key.replace("\\", "\\\\").replace("'", "''")));
        }
      }
      int expected = rows;
      try (TestJob job =
          TestJob.of(ChangeSource.of(shard.settings(tables.toArray(CapturedTable[]::new))))
              .start()) {
        await().atMost(Duration.ofSeconds(60)).until(() -> job.events.size() >= expected);
        for (int i = 0; i < types.size(); i++) {
          int ordinal = i;
          List<String> texts =
              job.events.stream()
                  .filter(e -> e.table == ordinal)
                  .map(e -> e.key[0])
                  .collect(Collectors.toList());
          assertThat(texts).hasSameSizeAs(KEYS.get(types.get(i)));
          if (types.get(i).endsWith("with time zone")) {
            assertThat(texts).allMatch(text -> text.endsWith("infinity") || text.contains("+00"));
          }
          for (String text : texts) {
            assertThat(
                    shard.query(
                        "SELECT count(*) FROM t%d WHERE k = E'%s'::%s"
                            .formatted(
                                i, text.replace("\\", "\\\\").replace("'", "''"), types.get(i))))
                .as("%s of type %s", text, types.get(i))
                .isEqualTo(List.of("1"));
          }
        }
      }
    }
  }
}
