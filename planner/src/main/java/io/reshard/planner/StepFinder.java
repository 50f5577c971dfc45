package io.reshard.planner;

import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Finds which keys change their owner between two topologies. No I/O. */
final class StepFinder {
  private final Topology source;
  private final Topology target;
  private final int sourceModulus;
  private final int targetModulus;

  StepFinder(Topology source, Topology target) {
    this.source = source;
    this.target = target;
    this.sourceModulus = source.owners().size();
    this.targetModulus = target.owners().size();
  }

  /** Every pair of different shards whose shares meet, in the order of the topologies. */
  List<Overlap> moves() {
    List<Overlap> moves = new ArrayList<>();
    for (Shard from : source.owners()) {
      for (Shard to : target.owners()) {
        Overlap overlap = from.id().equals(to.id()) ? null : overlap(from, to);
        if (overlap != null) {
          moves.add(overlap);
        }
      }
    }
    return moves;
  }

  private Overlap overlap(Shard from, Shard to) {
    boolean fromRange = source.routing().strategy() == RoutingStrategy.HASH;
    boolean toRange = target.routing().strategy() == RoutingStrategy.HASH;
    if (fromRange && toRange) {
      return ofRanges(from, to);
    }
    if (!fromRange && !toRange) {
      return ofRemainders(from, to);
    }
    // A range of a hash and its remainder are independent, so every pair meets.
    KeyRange range = fromRange ? from.keyRange() : to.keyRange();
    String remainder =
        fromRange
            ? remainder(to.remainder(), targetModulus)
            : remainder(from.remainder(), sourceModulus);
    double fraction = fromRange ? 1.0 / targetModulus : to.keyRange().fraction();
    return new Overlap(from.id(), to.id(), range + " with " + remainder, fraction);
  }

  private static Overlap ofRanges(Shard from, Shard to) {
    KeyRange common = from.keyRange().intersect(to.keyRange());
    return common == null
        ? null
        : new Overlap(
            from.id(),
            to.id(),
            common.toString(),
            Math.min(1.0, common.fraction() / from.keyRange().fraction()));
  }

  /** Two residue classes meet in one class of the least common multiple, or not at all. */
  private Overlap ofRemainders(Shard from, Shard to) {
    int common =
        BigInteger.valueOf(sourceModulus).gcd(BigInteger.valueOf(targetModulus)).intValueExact();
    if (from.remainder() % common != to.remainder() % common) {
      return null;
    }
    long modulus = (long) sourceModulus / common * targetModulus;
    long both = from.remainder();
    while (both % targetModulus != to.remainder()) {
      both += sourceModulus;
    }
    return new Overlap(
        from.id(), to.id(), remainder(both, modulus), (double) common / targetModulus);
  }

  private static String remainder(long remainder, long modulus) {
    return "remainder " + remainder + " of " + modulus;
  }
}
