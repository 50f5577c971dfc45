package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CapturedTableTest {

  @Test
  void refusesKeysThatCannotBeTurnedIntoText() {
    assertThatThrownBy(() -> TestShard.table(0, "public", "t", "k", "bytea"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Key column k of public.t has type bytea")
        .hasMessageContaining("timestamp with time zone");
  }

  @Test
  void refusesATableWithoutAKey() {
    assertThatThrownBy(() -> TestShard.table(0, "public", "t"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("public.t is captured without key columns");
  }

  @Test
  void refusesAnOrdinalThatMeansNoTable() {
    assertThatThrownBy(() -> TestShard.table(-1, "public", "t", "k", "text"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '~',
      value = {"a\"b,t,k", "s,a\"b,k", "s,'t',k", "s,`t`,k", "s,t,\"k\""})
  void refusesNamesThatDebeziumMisreads(String schema, String table, String column) {
    assertThatThrownBy(() -> TestShard.table(0, schema, table, column, "text"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("quotation mark");
  }
}
