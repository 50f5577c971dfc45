package io.reshard.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
  @Test
  void quantilesAreNearTheTruth() {
    LatencyHistogram histogram = new LatencyHistogram();
    for (long millis = 1; millis <= 1_000; millis++) {
      histogram.record(millis * 1_000_000);
    }
    assertThat(histogram.quantileMillis(0.50)).isCloseTo(500, Percentage.withPercentage(7));
    assertThat(histogram.quantileMillis(0.99)).isCloseTo(990, Percentage.withPercentage(7));
  }

  @Test
  void extremesHaveBuckets() {
    LatencyHistogram histogram = new LatencyHistogram();
    histogram.record(-1);
    histogram.record(0);
    assertThat(histogram.quantileMillis(1)).isCloseTo(0, within(0.001));
    histogram.record(Long.MAX_VALUE);
    assertThat(histogram.quantileMillis(1)).isGreaterThan(9e12);
  }

  @Test
  void emptyHistogramIsZero() {
    assertThat(new LatencyHistogram().quantileMillis(0.5)).isZero();
  }
}
