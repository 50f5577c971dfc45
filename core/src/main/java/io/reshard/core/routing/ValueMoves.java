package io.reshard.core.routing;

import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Which ranges of values change their owner between two topologies of the strategy range. */
public final class ValueMoves {
  private ValueMoves() {}

  /** Values from {@code from}, included, to {@code to}, excluded; null is open. */
  public record ValueMove(String source, String target, String from, String to) {}

  /**
   * All moves, in the order of the values.
   *
   * @param formatType the type of the shard key, which decides about the order of the bounds
   */
  public static List<ValueMove> between(Topology before, Topology after, String formatType) {
    ShardKeyType type = ShardKeyType.of(formatType);
    RangePlacement old = new RangePlacement(before, type);
    RangePlacement now = new RangePlacement(after, type);
    KeyOrder order = old.order();
    List<ValueMove> moves = new ArrayList<>();
    for (Shard source : old.owners()) {
      for (Shard target : now.owners()) {
        String from = later(order, source.from(), target.from());
        String to = earlier(order, source.to(), target.to());
        boolean meet = from == null || to == null || compare(order, from, to) < 0;
        if (meet && !Objects.equals(source.id(), target.id())) {
          moves.add(new ValueMove(source.id(), target.id(), from, to));
        }
      }
    }
    return moves;
  }

  private static int compare(KeyOrder order, String one, String other) {
    return order.compare(order.parse(one), order.parse(other));
  }

  private static String later(KeyOrder order, String one, String other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return compare(order, one, other) >= 0 ? one : other;
  }

  private static String earlier(KeyOrder order, String one, String other) {
    if (one == null || other == null) {
      return one == null ? other : one;
    }
    return compare(order, one, other) <= 0 ? one : other;
  }
}
