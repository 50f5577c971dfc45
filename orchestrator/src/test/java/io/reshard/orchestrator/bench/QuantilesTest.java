package io.reshard.orchestrator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class QuantilesTest {
  @Test
  void quantilesAreTheNearestOfTheMeasuredDurations() {
    List<Long> nanos =
        new ArrayList<>(
            LongStream.rangeClosed(1, 200).mapToObj(millis -> millis * 1_000_000).toList());
    Collections.shuffle(nanos, new Random(1));
    assertThat(Quantiles.ofNanos(nanos)).isEqualTo(new Quantiles(200, 100, 198, 200));
    assertThat(Quantiles.ofNanos(List.of(5_000_000L))).isEqualTo(new Quantiles(1, 5, 5, 5));
  }
}
