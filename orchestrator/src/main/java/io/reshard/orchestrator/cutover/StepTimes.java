package io.reshard.orchestrator.cutover;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** How long each step of the read-only window took. Not thread-safe. */
final class StepTimes {
  private final long begun = System.nanoTime();
  private final Map<String, Long> nanos = new LinkedHashMap<>();

  <T> T of(String step, Supplier<T> work) {
    long start = System.nanoTime();
    try {
      return work.get();
    } finally {
      nanos.put(step, System.nanoTime() - start);
    }
  }

  void of(String step, Runnable work) {
    of(
        step,
        () -> {
          work.run();
          return null;
        });
  }

  long millis(String step) {
    return nanos.get(step) / 1_000_000;
  }

  /** From the first step's start until now. */
  long totalMillis() {
    return (System.nanoTime() - begun) / 1_000_000;
  }

  /** For people: the whole, and each step, in milliseconds. */
  @Override
  public String toString() {
    return totalMillis()
        + " ms ("
        + nanos.keySet().stream()
            .map(step -> step + " " + millis(step))
            .collect(Collectors.joining(", "))
        + ")";
  }
}
