package io.reshard.core.topology;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The rules that a topology must keep; every violation is {@code invalid_topology}. */
public final class TopologyRules {
  private static final Pattern REFERENCE = Pattern.compile("\\$\\{[A-Za-z_][A-Za-z0-9_]*}");
  private static final Pattern SHARD_ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}");

  private TopologyRules() {}

  /** Returns {@code topology} if it keeps every rule. */
  public static Topology check(Topology topology) {
    require(topology.routing() != null, "it has no 'routing'");
    require(topology.routing().strategy() != null, "routing has no 'strategy' (hash or modulo)");
    require(topology.routing().function() != null, "routing has no 'function' (postgres)");
    require(!topology.nodes().isEmpty(), "it has no 'nodes'");
    require(!topology.shards().isEmpty(), "it has no 'shards'");
    require(!topology.tables().isEmpty(), "it has no 'tables'");
    unique(topology.nodes(), Node::id, "node");
    unique(topology.shards(), Shard::id, "shard");
    unique(topology.tables(), TableRule::name, "table");
    unique(topology.tables(), table -> table.schema() + "." + table.table(), "table");
    topology.nodes().forEach(TopologyRules::checkNode);
    topology.tables().forEach(TopologyRules::checkTable);
    topology.shards().forEach(shard -> checkShard(topology, shard));
    unique(topology.shards(), shard -> shard.node() + "/" + shard.database(), "database");
    require(!topology.owners().isEmpty(), "no active shard owns anything");
    switch (topology.routing().strategy()) {
      case HASH -> checkRanges(topology.owners());
      case MODULO -> checkRemainders(topology.owners());
    }
    return topology;
  }

  private static void checkNode(Node node) {
    String named = "node '" + node.id() + "'";
    require(
        node.url() != null && node.url().startsWith("jdbc:postgresql://"),
        named + " needs a url that starts with jdbc:postgresql://");
    String address = node.url().replaceFirst("\\?.*", "");
    require(
        address.endsWith("/"),
        named
            + ": its url must end with '/', where the database name follows, not with a database");
    require(
        !address.contains("@")
            && !node.url().toLowerCase(java.util.Locale.ROOT).contains("password="),
        named + ": its url holds credentials; write them as 'user' and 'password'");
    require(
        node.password() == null || REFERENCE.matcher(node.password()).matches(),
        named
            + ": 'password' must name an environment variable, such as ${NODE1_PASSWORD}; the"
            + " topology is kept in the control database, where no password may be");
  }

  private static void checkTable(TableRule table) {
    require(
        table.reference() != (table.shardKey() != null),
        "table '" + table.name() + "' needs either a 'shardKey' or 'reference: true'");
  }

  private static void checkShard(Topology topology, Shard shard) {
    String named = "shard '" + shard.id() + "'";
    require(
        SHARD_ID.matcher(shard.id()).matches(),
        named + ": an id has at most 63 letters, digits, '_', '.' and '-'");
    topology.nodeOf(shard);
    require(shard.database() != null && !shard.database().isEmpty(), named + " has no 'database'");
    boolean hash = topology.routing().strategy() == RoutingStrategy.HASH;
    require(
        hash || shard.keyRange() == null, named + ": a 'keyRange' belongs to the strategy hash");
    require(
        !hash || shard.remainder() == null,
        named + ": a 'remainder' belongs to the strategy modulo");
  }

  private static void checkRanges(List<Shard> owners) {
    List<Shard> sorted =
        owners.stream()
            .sorted(Comparator.comparing(shard -> shard.keyRange().start(), Long::compareUnsigned))
            .toList();
    long covered = 0;
    boolean complete = false;
    for (Shard shard : sorted) {
      KeyRange range = shard.keyRange();
      require(
          !complete && Long.compareUnsigned(range.start(), covered) >= 0,
          "the key range " + range + " of shard '" + shard.id() + "' overlaps the one before it");
      require(
          range.start() == covered,
          "no active shard owns the key range " + prefixes(covered, range.start()));
      covered = range.end();
      complete = covered == 0;
    }
    require(complete, "no active shard owns the key range " + prefixes(covered, 0));
  }

  /** The notation of a range that may be empty, which {@link KeyRange} cannot be. */
  private static String prefixes(long start, long end) {
    return start == end && start != 0 ? "nothing" : new KeyRange(start, end).toString();
  }

  private static void checkRemainders(List<Shard> owners) {
    Set<Integer> seen = new HashSet<>();
    for (Shard shard : owners) {
      int remainder = shard.remainder();
      require(
          remainder >= 0 && remainder < owners.size(),
          "the remainder "
              + remainder
              + " of shard '"
              + shard.id()
              + "' is not between 0 and "
              + (owners.size() - 1)
              + ": there are "
              + owners.size()
              + " active shards");
      require(seen.add(remainder), "two active shards have the remainder " + remainder);
    }
  }

  private static <T> void unique(List<T> all, Function<T, String> name, String noun) {
    Set<String> seen = new HashSet<>();
    for (T one : all) {
      String text = name.apply(one);
      require(text != null && !text.isEmpty(), "a " + noun + " has no name");
      require(seen.add(text), "the " + noun + " '" + text + "' is there twice");
    }
  }

  private static void require(boolean kept, String violation) {
    if (!kept) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY, "the topology is not valid: " + violation);
    }
  }
}
