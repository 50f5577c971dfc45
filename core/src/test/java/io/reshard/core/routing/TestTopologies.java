package io.reshard.core.routing;

import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.core.topology.TopologyRules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;

/** Random topologies of every strategy over shard-0, shard-1 and so on, in a random order. */
public final class TestTopologies {
  private final Random random;
  private final HashFunction function;

  public TestTopologies(Random random, HashFunction function) {
    this.random = random;
    this.function = function;
  }

  /** A topology in which each of {@code shards} shards owns something. */
  public Topology of(RoutingStrategy strategy, int shards) {
    return switch (strategy) {
      case HASH -> ranges(shards);
      case RING -> ring(shards);
      case MODULO -> remainders(shards);
      case RANGE -> values(shards);
      case DIRECTORY -> directory(shards);
    };
  }

  private Topology ranges(int shards) {
    List<Long> starts = new ArrayList<>(distinct(shards, Long::compareUnsigned));
    List<Shard> owners = new ArrayList<>();
    for (int index = 0; index < shards; index++) {
      long start = index == 0 ? 0 : starts.get(index);
      long end = index + 1 < shards ? starts.get(index + 1) : 0;
      owners.add(
          with(index, null, null, null, null, null)
              .withShareOf(share(new KeyRange(start, end), null)));
    }
    return topology(RoutingStrategy.HASH, owners);
  }

  private Topology remainders(int shards) {
    List<Shard> owners = new ArrayList<>();
    for (int index = 0; index < shards; index++) {
      owners.add(with(index, null, null, null, null, null).withShareOf(share(null, index)));
    }
    return topology(RoutingStrategy.MODULO, owners);
  }

  private Topology ring(int shards) {
    List<Shard> owners = new ArrayList<>();
    for (int index = 0; index < shards; index++) {
      owners.add(with(index, 1 + random.nextInt(3), null, null, null, null));
    }
    return topology(RoutingStrategy.RING, owners);
  }

  private Topology values(int shards) {
    List<Long> starts = new ArrayList<>(distinct(shards, Long::compare));
    List<Shard> owners = new ArrayList<>();
    for (int index = 0; index < shards; index++) {
      String from = index == 0 ? null : starts.get(index).toString();
      String to = index + 1 < shards ? starts.get(index + 1).toString() : null;
      owners.add(with(index, null, from, to, null, null));
    }
    return topology(RoutingStrategy.RANGE, owners);
  }

  /** The small numbers are listed; the first shard has the rest. */
  private Topology directory(int shards) {
    List<List<String>> keys = new ArrayList<>();
    for (int index = 0; index < shards; index++) {
      keys.add(new ArrayList<>(List.of(Integer.toString(index))));
    }
    for (int key = shards; key < 60; key++) {
      if (random.nextBoolean()) {
        keys.get(random.nextInt(shards)).add(Integer.toString(key));
      }
    }
    List<Shard> owners = new ArrayList<>();
    for (int index = 0; index < shards; index++) {
      owners.add(with(index, null, null, null, keys.get(index), index == 0 ? true : null));
    }
    return topology(RoutingStrategy.DIRECTORY, owners);
  }

  private SortedSet<Long> distinct(int count, Comparator<Long> order) {
    SortedSet<Long> bounds = new TreeSet<>(order);
    while (bounds.size() < count) {
      bounds.add(random.nextLong() >> random.nextInt(60));
    }
    return bounds;
  }

  private static Shard share(KeyRange range, Integer remainder) {
    return new Shard("share", null, null, null, range, remainder);
  }

  private static Shard with(
      int number, Integer weight, String from, String to, List<String> keys, Boolean fallback) {
    return new Shard(
        "shard-" + number,
        "node-1",
        "app_" + number,
        ShardStatus.ACTIVE,
        null,
        null,
        weight,
        from,
        to,
        keys,
        fallback);
  }

  private Topology topology(RoutingStrategy strategy, List<Shard> shards) {
    Collections.shuffle(shards, random);
    return TopologyRules.check(
        new Topology(
            1,
            new Routing(strategy, strategy.hashes() ? function : null),
            List.of(new Node("node-1", "jdbc:postgresql://127.0.0.1/", null, null, null)),
            shards,
            List.of(new TableRule("public.t", "k", false))));
  }
}
