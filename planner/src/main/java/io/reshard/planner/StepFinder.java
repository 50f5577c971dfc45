package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.routing.HashSpace;
import io.reshard.core.routing.OwnedRange;
import io.reshard.core.routing.RangeMove;
import io.reshard.core.routing.Router;
import io.reshard.core.routing.ValueMoves;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds which keys of one table change their owner between two views of topologies. A step is a
 * pair of shards: it covers the keys that its source owns before and its target owns after, so no
 * key is covered twice. Where both sides hash by one function, or know single values, a pair that
 * shares no key is left out; where they are independent of each other, every pair shares some.
 */
final class StepFinder {
  /** Of more ranges than these an operator reads the number alone. */
  private static final int MOST_RANGES_TOLD = 4;

  private final Topology source;
  private final Topology target;
  private final Supplier<String> keyType;

  /**
   * @param keyType tells the type of the shard key; asked only where values are compared
   */
  StepFinder(Topology source, Topology target, Supplier<String> keyType) {
    this.source = source;
    this.target = target;
    this.keyType = keyType;
  }

  /** Every pair of different shards whose shares meet, in the order of the topologies. */
  List<Overlap> moves() {
    RoutingStrategy before = source.routing().strategy();
    RoutingStrategy after = target.routing().strategy();
    boolean sameFunction = source.routing().function() == target.routing().function();
    if (before.dividesHashSpace() && after.dividesHashSpace() && sameFunction) {
      return ofHashSpace();
    }
    if (before == RoutingStrategy.MODULO && after == RoutingStrategy.MODULO && sameFunction) {
      return new RemainderMoves(source, target).moves();
    }
    if (before == RoutingStrategy.RANGE && after == RoutingStrategy.RANGE) {
      return ofValueRanges();
    }
    if (before == RoutingStrategy.DIRECTORY || after == RoutingStrategy.DIRECTORY) {
      return ofDirectory();
    }
    return pairs((from, to) -> true);
  }

  private List<Overlap> ofHashSpace() {
    HashSpace before = HashSpace.of(source);
    Map<List<String>, List<RangeMove>> byPair = new LinkedHashMap<>();
    HashSpace.moves(before, HashSpace.of(target))
        .forEach(
            move ->
                byPair
                    .computeIfAbsent(
                        List.of(move.source(), move.target()), pair -> new ArrayList<>())
                    .add(move));
    List<Overlap> moves = new ArrayList<>();
    for (Shard from : source.owners()) {
      double owned =
          before.ranges().stream()
              .filter(one -> one.owner().id().equals(from.id()))
              .mapToDouble(one -> one.range().fraction())
              .sum();
      for (Shard to : target.owners()) {
        List<RangeMove> ranges = byPair.get(List.of(from.id(), to.id()));
        if (ranges != null) {
          double moved = ranges.stream().mapToDouble(one -> one.range().fraction()).sum();
          moves.add(
              new Overlap(from.id(), to.id(), told(ranges, moved), Math.min(1.0, moved / owned)));
        }
      }
    }
    return moves;
  }

  private static String told(List<RangeMove> ranges, double fraction) {
    return ranges.size() <= MOST_RANGES_TOLD
        ? ranges.stream().map(one -> one.range().toString()).collect(Collectors.joining(", "))
        : "%d ranges, %.1f %% of the hashes".formatted(ranges.size(), 100 * fraction);
  }

  private List<Overlap> ofValueRanges() {
    List<ValueMoves.ValueMove> moves = ValueMoves.between(source, target, keyType.get());
    return moves.stream()
        .map(
            move ->
                new Overlap(
                    move.source(),
                    move.target(),
                    ((move.from() == null ? "" : "from " + move.from() + " ")
                            + (move.to() == null ? "" : "to " + move.to()))
                        .strip(),
                    1.0 / partners(moves, move.source())))
        .toList();
  }

  /** Into how many parts a source falls: those that move, and if it stays an owner its own. */
  private long partners(List<ValueMoves.ValueMove> moves, String shardId) {
    long moving = moves.stream().filter(move -> move.source().equals(shardId)).count();
    return moving + (target.owns(shardId) ? 1 : 0);
  }

  /** Listed keys are routed one by one; the default shard can meet every shard. */
  private List<Overlap> ofDirectory() {
    Router before = new Router(source, keyType.get());
    Router after = new Router(target, keyType.get());
    Set<List<String>> met = new LinkedHashSet<>();
    Stream.concat(source.owners().stream(), target.owners().stream())
        .flatMap(shard -> shard.listedKeys().stream())
        .distinct()
        .forEach(
            key ->
                owner(before, key)
                    .flatMap(from -> owner(after, key).map(to -> List.of(from, to)))
                    .forEach(met::add));
    return pairs(
        (from, to) ->
            (takesTheRest(source, from) && takesTheRest(target, to))
                || met.contains(List.of(from.id(), to.id())));
  }

  /** The owner of a key; none if no shard lists it. */
  private Stream<String> owner(Router router, String key) {
    try {
      return Stream.of(router.route(key).id());
    } catch (ReshardingException e) {
      if (e.errorCode() == ErrorCode.KEY_NOT_ROUTED) {
        return Stream.empty();
      }
      throw e;
    }
  }

  private static boolean takesTheRest(Topology topology, Shard shard) {
    return topology.routing().strategy() != RoutingStrategy.DIRECTORY || shard.isDefault();
  }

  /** Whether the shares of a shard before and of a shard after meet. */
  private interface Meeting {
    boolean meet(Shard from, Shard to);
  }

  private List<Overlap> pairs(Meeting meeting) {
    List<Overlap> moves = new ArrayList<>();
    for (Shard from : source.owners()) {
      for (Shard to : target.owners()) {
        if (!from.id().equals(to.id()) && meeting.meet(from, to)) {
          String told = share(source, from) + " with " + share(target, to);
          moves.add(new Overlap(from.id(), to.id(), told, fraction(to)));
        }
      }
    }
    return moves;
  }

  private static String share(Topology topology, Shard shard) {
    return topology.routing().strategy() == RoutingStrategy.MODULO
        ? RemainderMoves.told(shard.remainder(), topology.owners().size())
        : shard.ownership();
  }

  /** The part of all keys that a shard of the target gets: exact for hashes, else an even share. */
  private double fraction(Shard shard) {
    if (target.routing().strategy().dividesHashSpace()) {
      return HashSpace.of(target).ranges().stream()
          .filter(one -> one.owner().id().equals(shard.id()))
          .map(OwnedRange::range)
          .mapToDouble(range -> range.fraction())
          .sum();
    }
    return 1.0 / target.owners().size();
  }
}
