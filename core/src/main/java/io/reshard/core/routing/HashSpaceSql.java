package io.reshard.core.routing;

import io.reshard.core.topology.Shard;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * A {@link HashSpace} in SQL, which has no unsigned 64-bit arithmetic and whose addition fails on
 * overflow. So the offset of the hash is taken off the bounds instead of being added to the hash,
 * and the space is seen as a circle that the signed numbers cut open elsewhere. Hundreds of ranges
 * cost no more than a binary search: {@code width_bucket} over a constant array.
 */
final class HashSpaceSql implements SqlPlacement {
  private final List<OwnedRange> ranges;
  private final String position;
  private final long offset;
  private final String column;

  HashSpaceSql(List<OwnedRange> ranges, String position, long offset, String column) {
    this.ranges = ranges;
    this.position = position;
    this.offset = offset;
    this.column = column;
  }

  @Override
  public String ownedBy(Shard shard) {
    // Where the circle enters (true) or leaves (false) what the shard owns, in signed order.
    TreeMap<Long, Boolean> bounds = new TreeMap<>();
    for (OwnedRange one : ranges) {
      if (one.owner().id().equals(shard.id())) {
        toggle(bounds, one.range().start() - offset, true);
        toggle(bounds, one.range().end() - offset, false);
      }
    }
    if (bounds.isEmpty()) {
      return "(" + column + " IS NOT NULL)";
    }
    boolean ownsLowest = !bounds.firstEntry().getValue();
    if (bounds.size() == 2) {
      String between = ownsLowest ? " NOT BETWEEN " : " BETWEEN ";
      long last = bounds.lastKey() - 1;
      return "(" + position + between + literal(bounds.firstKey()) + " AND " + literal(last) + ")";
    }
    String crossed = "width_bucket(" + position + ", " + array(bounds) + ")";
    return "(" + crossed + " % 2 = " + (ownsLowest ? 0 : 1) + ")";
  }

  /** A bound that is entered and left at once is none: the shard owns both sides. */
  private static void toggle(SortedMap<Long, Boolean> bounds, long bound, boolean enters) {
    if (bounds.remove(bound) == null) {
      bounds.put(bound, enters);
    }
  }

  @Override
  public String owner(ToIntFunction<String> ordinalOf) {
    TreeMap<Long, Integer> starts = new TreeMap<>();
    for (OwnedRange one : ranges) {
      starts.put(one.range().start() - offset, ordinalOf.applyAsInt(one.owner().id()));
    }
    List<Integer> ordinals = new ArrayList<>(starts.values());
    // What lies below the lowest start belongs to the range that has come round from the highest.
    ordinals.add(0, starts.lastEntry().getValue());
    String list = ordinals.stream().map(String::valueOf).collect(Collectors.joining(","));
    return "('{"
        + list
        + "}'::smallint[])[width_bucket("
        + position
        + ", "
        + array(starts)
        + ") + 1]";
  }

  private static String array(Map<Long, ?> bounds) {
    return bounds.keySet().stream()
        .map(String::valueOf)
        .collect(Collectors.joining(",", "'{", "}'::bigint[]"));
  }

  private static String literal(long value) {
    // -9223372036854775808 written plainly is a negated out-of-range number.
    return value == Long.MIN_VALUE ? "(-9223372036854775807 - 1)" : "(" + value + ")";
  }
}
