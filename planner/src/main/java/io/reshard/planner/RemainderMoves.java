package io.reshard.planner;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Which remainders change their owner when the number of shards of the strategy modulo changes. */
final class RemainderMoves {
  private final Topology source;
  private final Topology target;

  RemainderMoves(Topology source, Topology target) {
    this.source = source;
    this.target = target;
  }

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

  /** Two residue classes meet in one class of the least common multiple, or not at all. */
  private Overlap overlap(Shard from, Shard to) {
    int before = source.owners().size();
    int after = target.owners().size();
    int common = BigInteger.valueOf(before).gcd(BigInteger.valueOf(after)).intValueExact();
    if (from.remainder() % common != to.remainder() % common) {
      return null;
    }
    long modulus = (long) before / common * after;
    long both = from.remainder();
    while (both % after != to.remainder()) {
      both += before;
    }
    return new Overlap(from.id(), to.id(), told(both, modulus), (double) common / after);
  }

  static String told(long remainder, long modulus) {
    return "remainder " + remainder + " of " + modulus;
  }
}
