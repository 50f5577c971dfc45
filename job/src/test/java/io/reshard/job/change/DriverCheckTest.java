package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class DriverCheckTest {

  @Test
  void acceptsTheDriverOfThisProject() {
    assertThatCode(DriverCheck::requireManualConfirmation).doesNotThrowAnyException();
  }

  @Test
  void refusesDriversThatConfirmByThemselves() {
    assertThatThrownBy(() -> DriverCheck.requireManualConfirmation(42, 7))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("pgjdbc 42.7")
        .hasMessageContaining("put 42.6.x there");
  }
}
