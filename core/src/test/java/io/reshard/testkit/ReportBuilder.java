package io.reshard.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Adds up the statistics of all writers. For use by one thread. */
final class ReportBuilder {
  private final Map<String, Long> writes = new TreeMap<>();
  private final Map<String, Long> retries = new TreeMap<>();
  private final List<Long> outages = new ArrayList<>();
  private final LatencyHistogram latencies = new LatencyHistogram();
  private long windowMillis;
  private long rowsWritten;
  private long rolledBack;
  private long inDoubtResolved;

  void addWrites(WriteKind kind, long count) {
    writes.merge(kind.name(), count, Long::sum);
  }

  void addRetries(String sqlState, long count) {
    retries.merge(sqlState, count, Long::sum);
  }

  void addOutage(long millis) {
    outages.add(millis);
  }

  void addWindow(long millis) {
    windowMillis = Math.max(windowMillis, millis);
  }

  void add(long rows, long rollbacks, long resolved, LatencyHistogram histogram) {
    rowsWritten += rows;
    rolledBack += rollbacks;
    inDoubtResolved += resolved;
    latencies.add(histogram);
  }

  WriterReport build(long elapsedNanos) {
    return new WriterReport(
        sum(writes),
        rowsWritten,
        rolledBack,
        sum(retries),
        inDoubtResolved,
        List.copyOf(outages),
        outages.stream().mapToLong(Long::longValue).max().orElse(0),
        windowMillis,
        latencies.quantileMillis(0.50),
        latencies.quantileMillis(0.99),
        elapsedNanos / (double) TimeUnit.SECONDS.toNanos(1),
        Map.copyOf(writes),
        Map.copyOf(retries));
  }

  private static long sum(Map<String, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }
}
