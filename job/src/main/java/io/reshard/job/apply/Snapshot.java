package io.reshard.job.apply;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What {@code pg_current_snapshot()} shows: {@code xmin:xmax:xip,…} (PostgreSQL manual, chapter
 * 9.27.8). Ids are 64 bits wide here; the ones of change events have only the lower 32.
 */
record Snapshot(long xmin, long xmax, Set<Long> inProgress) {
  private static final long HALF = 1L << 31;
  private static final long LOW_BITS = 0xffffffffL;

  static Snapshot parse(String text) {
    String[] parts = text.split(":", -1);
    Set<Long> inProgress =
        parts[2].isEmpty()
            ? Set.of()
            : Arrays.stream(parts[2].split(",")).map(Long::valueOf).collect(Collectors.toSet());
    return new Snapshot(Long.parseLong(parts[0]), Long.parseLong(parts[1]), inProgress);
  }

  /** Whether the transaction, which has committed, is visible. */
  boolean sees(long shortId) {
    long id = widen(shortId);
    return id < xmin || (id < xmax && !inProgress.contains(id));
  }

  /** The 64-bit id nearest to the snapshot that has these lower 32 bits. */
  private long widen(long shortId) {
    long id = (xmax & ~LOW_BITS) | (shortId & LOW_BITS);
    if (id > xmax + HALF) {
      return id - (1L << 32);
    }
    return id < xmax - HALF ? id + (1L << 32) : id;
  }
}
