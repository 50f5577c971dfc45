package io.reshard.testkit;

import java.util.List;
import java.util.Map;

/**
 * What the writers did so far. Times count from a write's first attempt to its success, retries
 * included, waiting for the rate limit excluded.
 *
 * @param writes transactions whose commit is known
 * @param rowsWritten rows that these inserted, updated or deleted
 * @param rolledBack transactions rolled back on purpose
 * @param retries attempts that were refused or failed
 * @param inDoubtResolved transactions whose connection died at the commit, and whose outcome was
 *     then read
 * @param maxOutageMillis by writer: the longest time that a write waited, one that still waits
 *     included
 * @param readOnlyMillis the greatest of these
 * @param windowMillis the longest time that a write waited which was under way between {@link
 *     LiveWriter#beginWindow} and {@link LiveWriter#endWindow}; 0 if there was none
 * @param writesByKind transactions by kind
 * @param retriesByCause failed attempts by SQLState
 */
public record WriterReport(
    long writes,
    long rowsWritten,
    long rolledBack,
    long retries,
    long inDoubtResolved,
    List<Long> maxOutageMillis,
    long readOnlyMillis,
    long windowMillis,
    double p50Millis,
    double p99Millis,
    double elapsedSeconds,
    Map<String, Long> writesByKind,
    Map<String, Long> retriesByCause) {}
