package io.reshard.core.routing;

import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The space of the unsigned 64-bit hash as the strategies hash and ring share it out: ranges that
 * adjoin each other from 0 to 2^64. A hash of 32 bits lies in it by its leading digits. Immutable.
 */
public final class HashSpace implements HashShares {
  private final List<OwnedRange> ranges;
  private final long[] starts;
  private final Shard[] owners;
  private final int shift;

  private HashSpace(List<OwnedRange> ranges, int bits) {
    this.ranges = ranges;
    this.starts = ranges.stream().mapToLong(one -> one.range().start()).toArray();
    this.owners = ranges.stream().map(OwnedRange::owner).toArray(Shard[]::new);
    this.shift = Long.SIZE - bits;
  }

  /** The space under a topology, or a table's view of it, of the strategy hash or ring. */
  public static HashSpace of(Topology topology) {
    KeyHash hash = KeyHash.of(topology.routing().function());
    List<OwnedRange> ranges =
        topology.routing().strategy() == RoutingStrategy.RING
            ? Ring.ranges(topology, hash)
            : topology.owners().stream()
                .map(shard -> new OwnedRange(shard.keyRange(), shard))
                .sorted(Comparator.comparing(one -> one.range().start(), Long::compareUnsigned))
                .toList();
    return new HashSpace(ranges, hash.bits());
  }

  /** All ranges in ascending order; a shard of a ring has many. */
  public List<OwnedRange> ranges() {
    return ranges;
  }

  /** The parts of the space that {@code before} and {@code after} give to different shards. */
  public static List<RangeMove> moves(HashSpace before, HashSpace after) {
    List<RangeMove> moves = new ArrayList<>();
    int at = 0;
    for (OwnedRange old : before.ranges) {
      // The last range of the new space that meets the old one may meet the next one as well.
      while (at < after.ranges.size()) {
        OwnedRange now = after.ranges.get(at);
        KeyRange common = old.range().intersect(now.range());
        if (common != null && !old.owner().id().equals(now.owner().id())) {
          moves.add(new RangeMove(old.owner().id(), now.owner().id(), common));
        }
        if (endsBefore(old.range(), now.range())) {
          break;
        }
        at++;
      }
    }
    return moves;
  }

  /** Whether {@code one} ends before {@code other} does; 0 stands for 2^64. */
  private static boolean endsBefore(KeyRange one, KeyRange other) {
    return Long.compareUnsigned(one.end() - 1, other.end() - 1) < 0;
  }

  @Override
  public Shard owner(long hash) {
    long position = hash << shift;
    int low = 0;
    int high = starts.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (Long.compareUnsigned(starts[middle], position) <= 0) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return owners[low];
  }

  @Override
  public SqlPlacement sql(KeyHash hash, String hashSql, String column) {
    String position = shift == 0 ? hashSql : "(" + hashSql + " << " + shift + ")";
    return new HashSpaceSql(ranges, position, hash.sqlOffset(), column);
  }
}
