package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Makes the topology in which one table has a given number of shards, under the strategy that it
 * has: shards are kept in their order, missing ones are added as pending on the nodes that have the
 * fewest, with ids that follow the highest existing one. The other tables stay as they are. No I/O.
 */
public final class TableTarget {
  /** The fewest and the most shards that a table can have. */
  public static final int LEAST_SHARDS = 1;

  public static final int MOST_SHARDS = 256;

  private static final Pattern NUMBERED = Pattern.compile("(.*?)(\\d+)");

  private final Topology active;
  private final TableRule rule;
  private final Topology view;
  private final int count;

  private TableTarget(Topology active, TableRule rule, int count) {
    this.active = active;
    this.rule = rule;
    this.view = active.viewOf(rule);
    this.count = count;
  }

  /**
   * The wanted topology. Errors: {@code invalid_arguments} for an unknown table, a reference table
   * or a count that is not between 1 and 256, {@code topologies_identical} if the table has that
   * many shards, {@code invalid_topology} if its strategy does not say how to share keys out anew.
   *
   * @param knownIds shards that exist beside those of the topology, such as failed ones
   */
  public static Topology of(Topology active, String table, int count, Set<String> knownIds) {
    if (count < LEAST_SHARDS || count > MOST_SHARDS) {
      throw invalid(
          "the number of shards is %d, but must be between %d and %d"
              .formatted(count, LEAST_SHARDS, MOST_SHARDS));
    }
    TableRule rule = TableSelection.select(active, List.of(table)).get(0);
    if (rule.reference()) {
      throw invalid(table + " is a reference table: every shard has all of its rows");
    }
    return new TableTarget(active, rule, count).wanted(knownIds);
  }

  private Topology wanted(Set<String> knownIds) {
    List<Shard> owners = view.owners();
    if (owners.size() == count) {
      throw new ReshardingException(
          ErrorCode.TOPOLOGIES_IDENTICAL,
          "the table " + rule.name() + " has " + count + " shards already");
    }
    List<Shard> kept = inOrder(owners).subList(0, Math.min(count, owners.size()));
    List<Shard> all = new ArrayList<>(kept);
    all.addAll(pending(count - kept.size(), knownIds));
    List<Shard> shares = shares(all);
    boolean alone = active.tables().stream().filter(one -> !one.reference()).count() == 1;
    return alone ? everywhere(shares) : forTable(all, shares);
  }

  /** The topology's own shares: then a pin of the only table would say the same twice. */
  private Topology everywhere(List<Shard> shares) {
    return new Topology(
        active.version(),
        view.routing(),
        active.nodes(),
        shares,
        active.tables().stream().map(TableRule::withoutRouting).toList());
  }

  private Topology forTable(List<Shard> all, List<Shard> shares) {
    Set<String> known = new HashSet<>(active.shards().stream().map(Shard::id).toList());
    List<Shard> places = new ArrayList<>(active.shards());
    all.stream()
        .filter(shard -> !known.contains(shard.id()))
        .map(Shard::withoutShare)
        .forEach(places::add);
    TableRule after =
        rule.withRouting(view.routing(), shares.stream().map(Shard::shareOnly).toList());
    return active
        .withShards(places)
        .withTables(active.tables().stream().map(one -> one.equals(rule) ? after : one).toList());
  }

  private List<Shard> inOrder(List<Shard> owners) {
    Comparator<Shard> order =
        switch (view.routing().strategy()) {
          case HASH -> Comparator.comparing(one -> one.keyRange().start(), Long::compareUnsigned);
          case MODULO -> Comparator.comparing(Shard::remainder);
          case RING, RANGE, DIRECTORY -> Comparator.comparing(owners::indexOf);
        };
    return owners.stream().sorted(order).toList();
  }

  private List<Shard> pending(int missing, Set<String> knownIds) {
    Set<String> ids = new HashSet<>(knownIds);
    active.shards().forEach(shard -> ids.add(shard.id()));
    Series names = Series.of(ids, "shard-");
    Series databases =
        Series.of(new HashSet<>(active.shards().stream().map(Shard::database).toList()), "app_");
    Map<String, Integer> load = new HashMap<>();
    active.nodes().forEach(node -> load.put(node.id(), 0));
    active.owners().forEach(owner -> load.merge(owner.node(), 1, Integer::sum));
    List<Shard> added = new ArrayList<>();
    for (int number = 1; number <= missing; number++) {
      String node =
          active.nodes().stream().map(Node::id).min(Comparator.comparing(load::get)).orElseThrow();
      load.merge(node, 1, Integer::sum);
      added.add(
          new Shard(
              names.after(number), node, databases.after(number), ShardStatus.PENDING, null, null));
    }
    return added;
  }

  /** Names that end in numbers: those that follow have the same beginning and higher numbers. */
  private record Series(String beginning, long highest) {
    static Series of(Set<String> names, String otherwise) {
      Series series = new Series(otherwise, -1);
      for (String name : names) {
        Matcher matcher = NUMBERED.matcher(name);
        if (matcher.matches() && matcher.group(2).length() < Long.SIZE / 4) {
          long number = Long.parseLong(matcher.group(2));
          if (number > series.highest) {
            series = new Series(matcher.group(1), number);
          }
        }
      }
      return series;
    }

    String after(int place) {
      return beginning + (highest + place);
    }
  }

  private List<Shard> shares(List<Shard> shards) {
    RoutingStrategy strategy = view.routing().strategy();
    boolean overKeys =
        strategy == RoutingStrategy.HASH && view.routing().function() == HashFunction.IDENTITY;
    if (!strategy.hashes() || overKeys) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY,
          "the table "
              + rule.name()
              + " is routed by the strategy "
              + strategy.text()
              + (overKeys ? " over the keys themselves" : "")
              + ", which does not say where new bounds lie; write the topology and use"
              + " 'reshard plan --target'");
    }
    return IntStream.range(0, shards.size())
        .mapToObj(place -> share(strategy, shards.get(place), place))
        .toList();
  }

  private Shard share(RoutingStrategy strategy, Shard shard, int place) {
    Integer weight = shard.weight() == null ? 1 : shard.weight();
    return shard.withShareOf(
        new Shard(
            shard.id(),
            null,
            null,
            null,
            strategy == RoutingStrategy.HASH ? even(place) : null,
            strategy == RoutingStrategy.MODULO ? place : null,
            strategy == RoutingStrategy.RING ? weight : null,
            null,
            null,
            null,
            null));
  }

  /** The {@code place}-th of {@code count} equal parts of the hash space. */
  private KeyRange even(int place) {
    return new KeyRange(bound(place), place + 1 == count ? 0 : bound(place + 1));
  }

  private long bound(int place) {
    long whole = Long.divideUnsigned(-1L, count);
    // 2^64 is one more than can be written: where it divides evenly, so shall the parts.
    long step = Integer.bitCount(count) == 1 ? whole + 1 : whole;
    return place == 0 ? 0 : step * place;
  }

  private static ReshardingException invalid(String message) {
    return new ReshardingException(ErrorCode.INVALID_ARGUMENTS, message);
  }
}
