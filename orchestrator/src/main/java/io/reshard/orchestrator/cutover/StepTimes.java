package io.reshard.orchestrator.cutover;

import io.reshard.orchestrator.state.Milestone;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** How long each step of the read-only window took. Not thread-safe. */
final class StepTimes {
  private final long begun = System.nanoTime();
  private final Map<String, Long> nanos = new LinkedHashMap<>();

  /** Does one step, which leads to a milestone. */
  <T> T of(String step, Milestone milestone, Supplier<T> work) {
    long start = System.nanoTime();
    try {
      T result = work.get();
      milestone.pass();
      return result;
    } finally {
      nanos.put(step, System.nanoTime() - start);
    }
  }

  void of(String step, Milestone milestone, Runnable work) {
    of(
        step,
        milestone,
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
