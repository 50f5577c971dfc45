package io.reshard.core.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyRangeTest {
  @Property
  void isTheTextThatItWasParsedFrom(@ForAll long left, @ForAll long right) {
    KeyRange range = range(left, right);
    assertThat(KeyRange.parse(range.toString())).isEqualTo(range);
  }

  @Property
  void meetsAnotherExactlyWhereBothContainTheHash(
      @ForAll long a, @ForAll long b, @ForAll long c, @ForAll long d, @ForAll long hash) {
    KeyRange first = range(a, b);
    KeyRange second = range(c, d);
    KeyRange common = first.intersect(second);
    for (long probe : new long[] {hash, a, b, c, d, a - 1, b - 1, c - 1, d - 1}) {
      boolean both = first.contains(probe) && second.contains(probe);
      assertThat(common != null && common.contains(probe)).isEqualTo(both);
    }
    assertThat(second.intersect(first)).isEqualTo(common);
  }

  @Property
  void fractionsOfNeighboursAddUp(@ForAll long bound) {
    if (bound != 0) {
      double sum = new KeyRange(0, bound).fraction() + new KeyRange(bound, 0).fraction();
      assertThat(sum).isCloseTo(1.0, within(1e-9));
    }
  }

  private static KeyRange range(long left, long right) {
    if (left == right) {
      return new KeyRange(left, 0);
    }
    return Long.compareUnsigned(left, right) < 0 || right == 0
        ? new KeyRange(left, right)
        : new KeyRange(right, left);
  }

  @Test
  void readsPrefixes() {
    assertThat(KeyRange.parse("-").fraction()).isEqualTo(1.0);
    assertThat(KeyRange.parse("40-80"))
        .isEqualTo(new KeyRange(0x4000000000000000L, 0x8000000000000000L));
    assertThat(KeyRange.parse("C0-").fraction()).isEqualTo(0.25);
    assertThat(KeyRange.parse("8-")).isEqualTo(KeyRange.parse("80-"));
    assertThat(KeyRange.parse("-80").intersect(KeyRange.parse("80-"))).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "80", "80-40", "80-80", "4g-80", "00000000000000000-", "-80-"})
  void refuses(String text) {
    assertThatThrownBy(() -> KeyRange.parse(text))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.INVALID_TOPOLOGY))
        .hasMessageContaining("key range");
  }
}
