package io.reshard.testkit;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The result of checking shards against what the writers know. The counts are complete, {@code
 * samples} holds the first few of each kind.
 *
 * @param rows owned rows read
 * @param writtenKeys keys that the writers ever wrote, each of which was checked
 */
public record HistoryReport(
    long rows,
    long writtenKeys,
    Map<HistoryViolation.Kind, Long> violations,
    List<HistoryViolation> samples) {
  public HistoryReport {
    violations = violations.isEmpty() ? Map.of() : new EnumMap<>(violations);
    samples = List.copyOf(samples);
  }

  public boolean consistent() {
    return violations.isEmpty();
  }

  public long count(HistoryViolation.Kind kind) {
    return violations.getOrDefault(kind, 0L);
  }
}
