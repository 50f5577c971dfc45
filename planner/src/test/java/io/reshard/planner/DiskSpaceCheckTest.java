package io.reshard.planner;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class DiskSpaceCheckTest {
  @Test
  void refusesADiskThatIsTooSmall() {
    assertThat(DiskSpaceCheck.problems(100, OptionalLong.of(99)))
        .containsExactly("its server will need 100 bytes, but 99 are free");
    assertThat(DiskSpaceCheck.problems(100, OptionalLong.of(100))).isEmpty();
  }

  @Test
  void doesNotGuessAboutADiskThatItDoesNotSee() {
    assertThat(DiskSpaceCheck.problems(Long.MAX_VALUE, OptionalLong.empty())).isEmpty();
  }
}
