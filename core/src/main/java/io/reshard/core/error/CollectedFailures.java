package io.reshard.core.error;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The failures of work that goes on elsewhere although it failed in one place, such as on a shard
 * that is down. For one thread.
 */
public final class CollectedFailures {
  private final List<ReshardingException> failures = new ArrayList<>();

  /** Runs {@code work} and keeps its failure. */
  public void collect(Runnable work) {
    try {
      work.run();
    } catch (ReshardingException e) {
      add(e);
    }
  }

  /** Keeps a failure. */
  public void add(ReshardingException failure) {
    failures.add(failure);
  }

  /** What has been kept, in order. */
  public List<ReshardingException> failures() {
    return List.copyOf(failures);
  }

  /** Throws if anything failed: one error with the first one's code that names them all. */
  public void throwAny() {
    if (failures.isEmpty()) {
      return;
    }
    ReshardingException first = failures.get(0);
    if (failures.size() == 1) {
      throw first;
    }
    ReshardingException all =
        new ReshardingException(
            first.errorCode(),
            failures.stream().map(Throwable::getMessage).collect(Collectors.joining("; ")),
            first);
    failures.stream().skip(1).forEach(all::addSuppressed);
    throw all;
  }
}
