package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectorNamesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"plain_1", "a.b", "a,b", "a+b*c[d](e){f}^g$h|i?\\", "größe", "名前", "😀", " "})
  void literalMatchesTheNameAndNothingElse(String name) {
    Pattern pattern = Pattern.compile(ConnectorNames.literal(name));
    assertThat(name).matches(pattern);
    assertThat(name + "x").doesNotMatch(pattern);
    assertThat(name.replace('.', 'x').replace(',', 'x').replaceAll("[^\\w]", "z") + "?")
        .doesNotMatch(pattern);
    assertThat(pattern.pattern()).doesNotContain(",");
  }

  @Test
  void wireFormOfAsciiIsTheNameItself() {
    assertThat(ConnectorNames.onTheWire("Order_Items.2")).isEqualTo("Order_Items.2");
    assertThat(ConnectorNames.onTheWire("ö")).isEqualTo("\uffc3\uffb6");
  }
}
