package io.reshard.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.reshard.core.routing.Router;
import io.reshard.core.routing.TestTopologies;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class StepFinderTest {
  private static final int KEYS = 10_000;

  @Test
  void intersectsRanges() {
    assertThat(moves(ranges("-80", "80-"), ranges("-40", "40-c0", "c0-")))
        .containsExactly(
            new Overlap("shard-0", "shard-1", "40-80", 0.5),
            new Overlap("shard-1", "shard-2", "c0-", 0.5));
    assertThat(moves(ranges("-80", "80-"), ranges("-")))
        .containsExactly(new Overlap("shard-1", "shard-0", "80-", 1.0));
  }

  @Test
  void intersectsRemainders() {
    assertThat(moves(remainders(2), remainders(4)))
        .containsExactly(
            new Overlap("shard-0", "shard-2", "remainder 2 of 4", 0.5),
            new Overlap("shard-1", "shard-3", "remainder 3 of 4", 0.5));
    assertThat(moves(remainders(2), remainders(3)))
        .extracting(Overlap::keyRange)
        .containsExactly(
            "remainder 4 of 6", "remainder 2 of 6", "remainder 3 of 6", "remainder 5 of 6");
  }

  @Test
  void leavesOutNoPairOfDifferentStrategies() {
    assertThat(moves(ranges("-40", "40-"), remainders(3)))
        .containsExactly(
            new Overlap("shard-0", "shard-1", "-40 with remainder 1 of 3", 1.0 / 3),
            new Overlap("shard-0", "shard-2", "-40 with remainder 2 of 3", 1.0 / 3),
            new Overlap("shard-1", "shard-0", "40- with remainder 0 of 3", 1.0 / 3),
            new Overlap("shard-1", "shard-2", "40- with remainder 2 of 3", 1.0 / 3));
    assertThat(moves(remainders(1), ranges("-40", "40-")))
        .containsExactly(new Overlap("shard-0", "shard-1", "remainder 0 of 1 with 40-", 0.75));
  }

  @Test
  void intersectsRangesOfValues() {
    assertThat(moves(values("shard-0", "100", "shard-1"), values("shard-0", "50", "shard-1")))
        .containsExactly(new Overlap("shard-0", "shard-1", "from 50 to 100", 0.5));
  }

  /**
   * A plan covers exactly what moves, and a hash foresees how much that is. A step covers the keys
   * that its source owns before and its target after; so a key that stays is in none, and one that
   * moves in one, if no pair comes twice.
   */
  @Property(tries = 150)
  void coversEveryKeyThatMovesOnceAndNoOther(
      @ForAll @IntRange(min = 1, max = 6) int before,
      @ForAll @IntRange(min = 1, max = 6) int after,
      @ForAll RoutingStrategy strategyBefore,
      @ForAll RoutingStrategy strategyAfter,
      @ForAll boolean otherFunction,
      @ForAll int seed) {
    Random random = new Random(seed);
    HashFunction function = HashFunction.POSTGRES;
    Topology source = new TestTopologies(random, function).of(strategyBefore, before);
    Topology target =
        new TestTopologies(random, otherFunction ? HashFunction.XXHASH64 : function)
            .of(strategyAfter, after);
    Map<String, Integer> owned = new HashMap<>();
    Map<String, Integer> moved = moved(source, target, owned, random);
    assertThat(moves(source, target))
        .as("steps")
        .noneMatch(move -> move.source().equals(move.target()))
        .extracting(Overlap::pair)
        .doesNotHaveDuplicates();
    boolean exact = strategyBefore.hashes() && strategyAfter.hashes();
    for (Overlap move : moves(source, target)) {
      Integer keys = moved.remove(move.source() + ">" + move.target());
      int all = owned.getOrDefault(move.source(), 0);
      if (exact && all > KEYS / 20) {
        assertThat((keys == null ? 0.0 : keys) / all).isCloseTo(move.fraction(), within(0.1));
      }
    }
    assertThat(moved).as("keys that move, but are in no step").isEmpty();
  }

  private static Map<String, Integer> moved(
      Topology source, Topology target, Map<String, Integer> owned, Random random) {
    Router from = new Router(source, "bigint");
    Router to = new Router(target, "bigint");
    Map<String, Integer> moved = new HashMap<>();
    for (int number = 0; number < KEYS; number++) {
      // Small keys are what directories list; the others lie all over the ranges of values.
      long key = number < 100 ? number : random.nextLong() >> random.nextInt(60);
      String left = from.route(key).id();
      owned.merge(left, 1, Integer::sum);
      if (!left.equals(to.route(key).id())) {
        moved.merge(left + ">" + to.route(key).id(), 1, Integer::sum);
      }
    }
    return moved;
  }

  @Property(tries = 30)
  void growingARingMovesOnePartInAsManyAsThereAreShards(
      @ForAll @IntRange(min = 1, max = 12) int shards) {
    List<Overlap> moves = moves(ring(shards), ring(shards + 1));
    double moved = moves.stream().mapToDouble(Overlap::fraction).sum() / shards;
    assertThat(moves).allMatch(move -> move.target().equals("shard-" + shards));
    assertThat(moved).isCloseTo(1.0 / (shards + 1), within(0.5 / (shards + 1)));
  }

  private static List<Overlap> moves(Topology source, Topology target) {
    return new StepFinder(source, target, () -> "bigint").moves();
  }

  private static Topology ranges(String... ranges) {
    List<Shard> shards = new ArrayList<>();
    for (String range : ranges) {
      shards.add(shard(shards.size(), KeyRange.parse(range), null));
    }
    return topology(RoutingStrategy.HASH, shards);
  }

  private static Topology remainders(int modulus) {
    List<Shard> shards = new ArrayList<>();
    for (int remainder = 0; remainder < modulus; remainder++) {
      shards.add(shard(remainder, null, remainder));
    }
    return topology(RoutingStrategy.MODULO, shards);
  }

  private static Topology ring(int size) {
    List<Shard> shards = new ArrayList<>();
    for (int number = 0; number < size; number++) {
      shards.add(with(shard(number, null, null), 1, null, null));
    }
    return topology(RoutingStrategy.RING, shards);
  }

  private static Topology values(String lower, String bound, String upper) {
    Topology topology =
        topology(
            RoutingStrategy.RANGE,
            List.of(
                with(shard(0, null, null), null, null, bound),
                with(shard(1, null, null), null, bound, null)));
    assertThat(topology.owners()).extracting(Shard::id).containsExactly(lower, upper);
    return topology;
  }

  private static Shard with(Shard shard, Integer weight, String from, String to) {
    return new Shard(
        shard.id(),
        shard.node(),
        shard.database(),
        shard.status(),
        null,
        null,
        weight,
        from,
        to,
        null,
        null);
  }

  private static Shard shard(int number, KeyRange range, Integer remainder) {
    return new Shard("shard-" + number, "n", "d" + number, ShardStatus.ACTIVE, range, remainder);
  }

  private static Topology topology(RoutingStrategy strategy, List<Shard> shards) {
    return new Topology(
        1,
        new Routing(strategy, strategy.hashes() ? HashFunction.POSTGRES : null),
        List.of(new Node("n", "jdbc:postgresql://127.0.0.1/", null, null, null)),
        shards,
        List.of());
  }
}
