package io.reshard.core.routing;

import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Consistent hashing (Karger et al., "Consistent Hashing and Random Trees", 1997): every shard has
 * points on the ring of hashes, and a key belongs to the owner of the first point at or after its
 * hash.
 */
final class Ring {
  /** So many points has a shard of weight 1. */
  static final int POINTS_PER_WEIGHT = 128;

  private Ring() {}

  /** The ring cut open at 0. */
  static List<OwnedRange> ranges(Topology topology, KeyHash hash) {
    TreeMap<Long, Shard> points = new TreeMap<>(Long::compareUnsigned);
    for (Shard shard : topology.owners()) {
      for (int number = 0; number < POINTS_PER_WEIGHT * shard.weight(); number++) {
        long point = hash.ofText(shard.id() + "#" + number) << (Long.SIZE - hash.bits());
        // Of two shards on one point the one that sorts first has it, on every side alike.
        points.merge(point, shard, (a, b) -> a.id().compareTo(b.id()) <= 0 ? a : b);
      }
    }
    List<OwnedRange> ranges = new ArrayList<>();
    long start = 0;
    for (Map.Entry<Long, Shard> point : points.entrySet()) {
      long end = point.getKey() + 1;
      add(ranges, start, end, point.getValue());
      start = end;
    }
    // Behind the last point the ring goes on with the first; a point at 2^64 - 1 leaves nothing.
    if (start != 0) {
      add(ranges, start, 0, points.firstEntry().getValue());
    }
    return List.copyOf(ranges);
  }

  private static void add(List<OwnedRange> ranges, long start, long end, Shard owner) {
    OwnedRange last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
    if (last != null && last.owner().id().equals(owner.id())) {
      ranges.set(ranges.size() - 1, new OwnedRange(new KeyRange(last.range().start(), end), owner));
    } else {
      ranges.add(new OwnedRange(new KeyRange(start, end), owner));
    }
  }
}
