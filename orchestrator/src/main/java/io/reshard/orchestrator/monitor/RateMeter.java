package io.reshard.orchestrator.monitor;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** Rows per second over the last seconds. Not thread-safe. */
public final class RateMeter {
  private static final long WINDOW_NANOS = Duration.ofSeconds(10).toNanos();
  private static final double NANOS_PER_SECOND = 1e9;

  private final Deque<Sample> samples = new ArrayDeque<>();

  private record Sample(long nanos, long rows) {}

  public void add(long rows) {
    long now = System.nanoTime();
    samples.addLast(new Sample(now, rows));
    while (samples.size() > 2 && now - samples.peekFirst().nanos() > WINDOW_NANOS) {
      samples.removeFirst();
    }
  }

  public Optional<Double> rowsPerSecond() {
    if (samples.size() < 2) {
      return Optional.empty();
    }
    double seconds = (samples.peekLast().nanos() - samples.peekFirst().nanos()) / NANOS_PER_SECOND;
    return Optional.of((samples.peekLast().rows() - samples.peekFirst().rows()) / seconds);
  }
}
