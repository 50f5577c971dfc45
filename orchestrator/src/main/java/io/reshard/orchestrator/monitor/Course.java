package io.reshard.orchestrator.monitor;

import io.reshard.orchestrator.phase.OperationStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Throughput and lag of one operation over time. When it is full every other sample goes, and only
 * every other one is taken from then on: so it reaches back to the start, however long that is.
 */
final class Course {
  private static final int CAPACITY = 600;

  private final RateMeter rate = new RateMeter();
  private final List<Sample> samples = new ArrayList<>();
  private int stride = 1;
  private long seen;

  synchronized void add(Instant at, OperationStatus status) {
    rate.add(status.rowsCopied() + status.rowsReplicated());
    if (seen++ % stride == 0) {
      samples.add(new Sample(at, rate.rowsPerSecond().orElse(null), status.lagMillis()));
    }
    if (samples.size() >= CAPACITY) {
      for (int index = samples.size() - 1; index > 0; index -= 2) {
        samples.remove(index);
      }
      stride *= 2;
    }
  }

  synchronized List<Sample> samples() {
    return List.copyOf(samples);
  }

  /** Rows per second over the last seconds. */
  synchronized double rowsPerSecond() {
    return rate.rowsPerSecond().orElse(0.0);
  }
}
