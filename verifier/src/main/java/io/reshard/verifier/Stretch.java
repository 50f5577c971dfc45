package io.reshard.verifier;

import io.reshard.core.control.Throttle;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.Split;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Splits of one table on one source that follow one another, and are compared at once: sides that
 * agree on all of their rows agree on each split. One scan of a long range costs the servers much
 * less than a scan for each of its splits, and Flink has less to hand around.
 */
record Stretch(List<Split> splits) {
  /** A scan of so much takes some seconds: so long does a request to stop or to pause wait. */
  private static final long MOST_BYTES = 512L << 20;

  /** A scan is not held back once it has begun, so it has what may be read in so long. */
  private static final long SECONDS_OF_THROTTLE = 5;

  /** How much a stretch may have under {@code throttle}. */
  static long maxBytes(Throttle throttle) {
    return throttle.bytesPerSecond() == null
        ? MOST_BYTES
        : Math.min(MOST_BYTES / SECONDS_OF_THROTTLE, throttle.bytesPerSecond())
            * SECONDS_OF_THROTTLE;
  }

  /**
   * Those of {@code open} that follow one another become one stretch, of {@code maxBytes} at most
   * where they are more than one. A shard's rows are taken to be spread evenly over its splits.
   */
  static List<Stretch> of(Plan plan, List<Split> open, long maxBytes) {
    Map<List<Object>, Long> splitsPerShard = new HashMap<>();
    plan.splits().forEach(split -> splitsPerShard.merge(chain(split), 1L, Long::sum));
    Map<List<Object>, List<List<Split>>> stretches = new LinkedHashMap<>();
    for (Split split : open) {
      long shardBytes = plan.tables().get(split.table()).estimatedBytes() / plan.sources().size();
      long bytes = Math.max(1, shardBytes / splitsPerShard.get(chain(split)));
      List<List<Split>> chain =
          stretches.computeIfAbsent(chain(split), unused -> new ArrayList<>());
      List<Split> last = chain.isEmpty() ? List.of() : chain.get(chain.size() - 1);
      if (!follows(last, split) || (last.size() + 1) * bytes > maxBytes) {
        last = new ArrayList<>();
        chain.add(last);
      }
      last.add(split);
    }
    return stretches.values().stream().flatMap(List::stream).map(Stretch::new).toList();
  }

  private static List<Object> chain(Split split) {
    return List.of(split.table(), split.source());
  }

  /** An open bound has nothing behind it. */
  private static boolean follows(List<Split> before, Split split) {
    return !before.isEmpty()
        && split.lower() != null
        && split.lower().equals(before.get(before.size() - 1).upper());
  }

  static Stretch parse(String json) {
    return Documents.parse(json, Stretch.class, ErrorCode.INTERNAL, "splits of the plan");
  }

  String json() {
    return Documents.toJson(this);
  }

  /** The splits as one. */
  Split range() {
    Split last = splits.get(splits.size() - 1);
    return new Split(
        first().id(),
        first().table(),
        first().source(),
        first().lower(),
        last.upper(),
        splits.stream().mapToLong(Split::estimatedRows).sum());
  }

  Split first() {
    return splits.get(0);
  }

  /** The splits as an array of PostgreSQL, if they are several; else null. */
  String countedSplits() {
    return splits.size() == 1
        ? null
        : splits.stream()
            .map(split -> Integer.toString(split.id()))
            .collect(Collectors.joining(",", "{", "}"));
  }

  /** Whether these are all keys that there can be. */
  boolean coversTable() {
    return range().lower() == null && range().upper() == null;
  }
}
