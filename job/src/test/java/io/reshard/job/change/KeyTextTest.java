package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
        "uuid",
        "boolean",
        "numeric",
        "numeric(10,2)",
        "numeric(38,0)",
        "numeric(4,-2)",
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
        "citext",
        "public.citext",
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
    assertThat(KeyText.forType("character(5)").of("ab\n   ")).isEqualTo("ab\n");
    assertThat(KeyText.forType("character varying(5)").of("ab ")).isEqualTo("ab ");
    assertThat(KeyText.forType("numeric").of("1.500")).isEqualTo("1.5");
    assertThat(KeyText.forType("numeric").of("0.00")).isEqualTo("0");
    assertThat(KeyText.forType("numeric").of("1200")).isEqualTo("1200");
    assertThat(KeyText.forType("numeric").of("NaN")).isEqualTo("NaN");
    assertThat(KeyText.forType("numeric").of("-Infinity")).isEqualTo("-Infinity");
    assertThat(KeyText.forType("numeric(10,2)").of("1.50")).isEqualTo("1.50");
  }
}
