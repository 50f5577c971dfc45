package io.reshard.planner;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SplitPlannerTest {
  @Test
  void aimsAtTheRowsOfOneTransaction() {
    assertThat(parts(100_000, 5_000_000, 0.5)).isEqualTo(5);
    assertThat(parts(0, 0, 0.5)).isEqualTo(1);
  }

  @Test
  void wideRowsMakeMoreSplits() {
    assertThat(parts(1_000, 3_200_000_000L, 1)).isEqualTo(100);
  }

  @Test
  void filesBoundASplitWhateverStatisticsSay() {
    assertThat(parts(1, 3_200_000_000L, 0.5)).isEqualTo(50);
  }

  @Test
  void neverMakesMoreThanAPlanCanHold() {
    assertThat(parts(Long.MAX_VALUE, 1, 1)).isEqualTo(SplitPlanner.MOST_SPLITS);
  }

  private static int parts(long rows, long bytes, double share) {
    TableEstimate estimate = new TableEstimate(rows, bytes, bytes / 8192, rows);
    return SplitPlanner.parts(
        List.of(new SplitPlanner.Piece(0, "shard-0", estimate, share)), 10_000)[0];
  }
}
