package io.reshard.testkit;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The counters of one writer. Safe for use by several threads. */
final class WriterStatistics {
  private final Map<WriteKind, Long> writes = new EnumMap<>(WriteKind.class);
  private final Map<String, Long> retries = new TreeMap<>();
  private final LatencyHistogram latencies = new LatencyHistogram();
  private long rowsWritten;
  private long rolledBack;
  private long inDoubtResolved;
  private long maxWaitNanos;
  private boolean windowOpen;
  private boolean inWindow;
  private long maxWindowWaitNanos;
  private boolean trying;
  private long firstAttemptNanos;

  synchronized void begin() {
    trying = true;
    inWindow = windowOpen;
    firstAttemptNanos = System.nanoTime();
  }

  synchronized void succeeded(WriteKind kind, int rows) {
    writes.merge(kind, 1L, Long::sum);
    rowsWritten += rows;
    end();
  }

  synchronized void rolledBack() {
    rolledBack++;
    end();
  }

  /** The write was given up without having any effect. */
  synchronized void dropped() {
    trying = false;
  }

  synchronized void retried(String sqlState) {
    retries.merge(sqlState == null ? "none" : sqlState, 1L, Long::sum);
  }

  /** From now on every write counts that is under way, also one that began before. */
  synchronized void beginWindow() {
    windowOpen = true;
    inWindow = true;
  }

  /** A write that is under way still counts, until it ends. */
  synchronized void endWindow() {
    windowOpen = false;
  }

  synchronized long windowMillis() {
    long waiting = trying && inWindow ? System.nanoTime() - firstAttemptNanos : 0;
    return TimeUnit.NANOSECONDS.toMillis(Math.max(maxWindowWaitNanos, waiting));
  }

  synchronized void inDoubtResolved() {
    inDoubtResolved++;
  }

  synchronized long maxOutageMillis() {
    long waiting = trying ? System.nanoTime() - firstAttemptNanos : 0;
    return TimeUnit.NANOSECONDS.toMillis(Math.max(maxWaitNanos, waiting));
  }

  synchronized void addTo(ReportBuilder report) {
    writes.forEach(report::addWrites);
    retries.forEach(report::addRetries);
    report.add(rowsWritten, rolledBack, inDoubtResolved, latencies);
    report.addOutage(maxOutageMillis());
    report.addWindow(windowMillis());
  }

  private void end() {
    trying = false;
    long nanos = System.nanoTime() - firstAttemptNanos;
    latencies.record(nanos);
    maxWaitNanos = Math.max(maxWaitNanos, nanos);
    if (inWindow) {
      maxWindowWaitNanos = Math.max(maxWindowWaitNanos, nanos);
    }
  }
}
