package io.reshard.testkit;

import static io.reshard.testkit.ReferenceHash.KeyType.INT8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ReferenceHashTest {
  @Test
  void shortPrefixStandsForItselfFollowedByZeros() {
    assertThat(ReferenceHash.inKeyRange("k", INT8, "4-8"))
        .contains(" >= 4611686018427387904 ")
        .contains(" < 9223372036854775808)");
  }

  @Test
  void openRangeHoldsEverything() {
    assertThat(ReferenceHash.inKeyRange("k", INT8, "-")).isEqualTo("(true AND true)");
  }

  @Test
  void malformedRangeIsRefused() {
    assertThatThrownBy(() -> ReferenceHash.inKeyRange("k", INT8, "40"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("exactly one '-'");
    assertThatThrownBy(() -> ReferenceHash.inKeyRange("k", INT8, "4g-80"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4g");
    assertThatThrownBy(() -> ReferenceHash.hasRemainder("k", INT8, 4, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("remainder 4");
  }
}
