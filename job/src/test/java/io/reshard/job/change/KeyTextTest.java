package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.debezium.time.Date;
import io.debezium.time.MicroTimestamp;
import io.debezium.time.Timestamp;
import io.debezium.time.ZonedTimestamp;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyTextTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "smallint",
        "integer",
        "bigint",
        "text",
        "character varying",
        "character varying(40)",
        "character(10)",
        "bpchar",
        "citext",
        "public.citext",
        "uuid",
        "boolean",
        "numeric",
        "numeric(10,2)",
        "numeric(38,0)",
        "date",
        "timestamp without time zone",
        "timestamp(3) without time zone",
        "timestamp with time zone",
        "timestamp(0) with time zone"
      })
  void supports(String type) {
    assertThat(KeyText.supports(type)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bytea",
        "real",
        "double precision",
        "json",
        "jsonb",
        "interval",
        "time without time zone",
        "time with time zone",
        "text[]",
        "character varying(40)[]",
        "integer[]",
        "inet",
        "bit(3)",
        "\"char\"",
        "name",
        "oid",
        "money",
        "numeric(4,-2)",
        "my_enum",
        "public.my_domain",
        ""
      })
  void doesNotSupport(String type) {
    assertThat(KeyText.supports(type)).isFalse();
    assertThatThrownBy(() -> KeyText.forType(type))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Type " + type + " cannot be a captured key");
  }

  @Test
  void leavesOutWhatPostgresIgnoresWhenItCompares() {
    assertThat(KeyText.forType("character(5)").of("ab\n   ", null)).isEqualTo("ab\n");
    assertThat(KeyText.forType("character varying(5)").of("ab ", null)).isEqualTo("ab ");
    assertThat(KeyText.forType("numeric").of("1.500", null)).isEqualTo("1.5");
    assertThat(KeyText.forType("numeric").of("0.00", null)).isEqualTo("0");
    assertThat(KeyText.forType("numeric").of("1200", null)).isEqualTo("1200");
    assertThat(KeyText.forType("numeric(10,2)").of("1.50", null)).isEqualTo("1.50");
    assertThat(KeyText.forType("numeric").of("NAN", null)).isEqualTo("NaN");
  }

  @Test
  void saysWhichTextsAreUnique() {
    assertThat(KeyText.isUnique("numeric")).isTrue();
    assertThat(KeyText.isUnique("citext")).isFalse();
    assertThat(KeyText.isUnique("extensions.citext")).isFalse();
  }

  @Test
  void printsDatesAsPostgresDoes() {
    KeyText date = KeyText.forType("date");
    assertThat(date.of(0, Date.SCHEMA_NAME)).isEqualTo("1970-01-01");
    assertThat(date.of(-719163, Date.SCHEMA_NAME)).isEqualTo("0001-12-31 BC");
    assertThat(date.of(2932897, Date.SCHEMA_NAME)).isEqualTo("10000-01-01");
  }

  @Test
  void printsTimestampsAsPostgresDoes() {
    KeyText timestamp = KeyText.forType("timestamp without time zone");
    assertThat(timestamp.of(-1L, MicroTimestamp.SCHEMA_NAME))
        .isEqualTo("1969-12-31 23:59:59.999999");
    assertThat(timestamp.of(1500L, Timestamp.SCHEMA_NAME)).isEqualTo("1970-01-01 00:00:01.5");
    assertThat(timestamp.of(0L, MicroTimestamp.SCHEMA_NAME)).isEqualTo("1970-01-01 00:00:00");
    assertThat(
            KeyText.forType("timestamp with time zone")
                .of("2024-01-01T00:30:00.123456+01:00", ZonedTimestamp.SCHEMA_NAME))
        .isEqualTo("2023-12-31 23:30:00.123456+00");
  }

  @Test
  void refusesValuesThatItDoesNotKnow() {
    assertThatThrownBy(() -> KeyText.forType("bigint").of("1", null))
        .hasMessageContaining("the connector delivered 1 of java.lang.String");
    assertThatThrownBy(() -> KeyText.forType("timestamp without time zone").of(1L, "unknown"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> KeyText.forType("date").of(1L, Date.SCHEMA_NAME))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
