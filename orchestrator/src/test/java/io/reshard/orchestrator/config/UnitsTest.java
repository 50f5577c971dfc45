package io.reshard.orchestrator.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnitsTest {
  @ParameterizedTest
  @CsvSource({"500ms,500", "5s,5000", "2m,120000", "2h,7200000", "1d,86400000", "0s,0"})
  void readsDurations(String text, long millis) {
    assertThat(Units.duration(text)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "5x", "-5s", "5 s s", "1.5s", "s"})
  void refusesWhatIsNoDuration(String text) {
    assertThatThrownBy(() -> Units.duration(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({"1024,1024", "1KB,1024", "50MB,52428800", "2gb,2147483648"})
  void readsSizes(String text, long bytes) {
    assertThat(Units.bytes(text)).isEqualTo(bytes);
  }

  @Test
  void writesDurationsAsTheyAreRead() {
    for (String text : new String[] {"500ms", "1500ms", "5s", "90s", "10m", "2h", "24h"}) {
      assertThat(Units.text(Units.duration(text))).isEqualTo(text);
    }
  }
}
