package io.reshard.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.reshard.core.routing.Router;
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
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class StepFinderTest {
  private static final int KEYS = 20_000;

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
        .containsExactly(new Overlap("shard-0", "shard-1", "40- with remainder 0 of 1", 0.75));
  }

  @Property(tries = 40)
  void foreseesWhereKeysGo(
      @ForAll @IntRange(min = 1, max = 6) int before,
      @ForAll @IntRange(min = 1, max = 6) int after,
      @ForAll boolean hashBefore,
      @ForAll boolean hashAfter) {
    Topology source = hashBefore ? evenRanges(before) : remainders(before);
    Topology target = hashAfter ? evenRanges(after) : remainders(after);
    Router from = new Router(source);
    Router to = new Router(target);
    Map<String, Integer> moved = new HashMap<>();
    Map<String, Integer> owned = new HashMap<>();
    for (long key = 0; key < KEYS; key++) {
      String left = from.route(key).id();
      owned.merge(left, 1, Integer::sum);
      if (!left.equals(to.route(key).id())) {
        moved.merge(left + ">" + to.route(key).id(), 1, Integer::sum);
      }
    }
    for (Overlap move : moves(source, target)) {
      Integer rows = moved.remove(move.source() + ">" + move.target());
      assertThat(rows).as("keys of %s", move).isNotNull();
      assertThat((double) rows / owned.get(move.source())).isCloseTo(move.fraction(), within(0.05));
    }
    assertThat(moved).isEmpty();
  }

  private static List<Overlap> moves(Topology source, Topology target) {
    return new StepFinder(source, target).moves();
  }

  private static Topology evenRanges(int shards) {
    String[] ranges = new String[shards];
    for (int index = 0; index < shards; index++) {
      String start = index == 0 ? "" : String.format("%02x", index * 256 / shards);
      String end = index == shards - 1 ? "" : String.format("%02x", (index + 1) * 256 / shards);
      ranges[index] = start + "-" + end;
    }
    return ranges(ranges);
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

  private static Shard shard(int number, KeyRange range, Integer remainder) {
    return new Shard("shard-" + number, "n", "d" + number, ShardStatus.ACTIVE, range, remainder);
  }

  private static Topology topology(RoutingStrategy strategy, List<Shard> shards) {
    return new Topology(
        1,
        new Routing(strategy, HashFunction.POSTGRES),
        List.of(new Node("n", "jdbc:postgresql://127.0.0.1/", null, null, null)),
        shards,
        List.of());
  }
}
