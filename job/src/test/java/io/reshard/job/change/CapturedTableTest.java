package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

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
}
