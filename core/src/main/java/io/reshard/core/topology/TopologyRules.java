package io.reshard.core.topology;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
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
    checkStrategy(topology.routing());
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
    if (topology.tables().stream().anyMatch(table -> table.routing() == null)) {
      new ShareRules(topology.withTables(List.of()), "").check();
    }
    topology.tables().stream()
        .filter(table -> table.routing() != null)
        .forEach(table -> checkOwnShares(topology, table));
    return topology;
  }

  private static void checkStrategy(Routing routing) {
    require(
        routing.strategy() != null,
        "routing has no 'strategy' (hash, ring, modulo, range or directory)");
  }

  private static void checkOwnShares(Topology topology, TableRule table) {
    String where = " (routing of the table '" + table.name() + "')";
    checkStrategy(table.routing());
    unique(table.ownShards(), Shard::id, "shard of the table '" + table.name() + "'");
    for (Shard share : table.ownShards()) {
      Shard shard = topology.shard(share.id());
      require(
          share.node() == null && share.database() == null,
          "shard '" + share.id() + "' has its place in 'shards' of the topology" + where);
      require(
          shard.status() == ShardStatus.ACTIVE || shard.status() == ShardStatus.PENDING,
          "shard '" + share.id() + "' is " + shard.status().text() + where);
    }
    new ShareRules(topology.viewOf(table), where).check();
  }

  private static void checkNode(Node node) {
    String named = "node '" + node.id() + "'";
    checkUrl(named, "url", node.url());
    if (node.readUrl() != null) {
      checkUrl(named, "readUrl", node.readUrl());
    }
    require(
        node.password() == null || REFERENCE.matcher(node.password()).matches(),
        named
            + ": 'password' must name an environment variable, such as ${NODE1_PASSWORD}; the"
            + " topology is kept in the control database, where no password may be");
  }

  private static void checkUrl(String named, String property, String url) {
    require(
        url != null && url.startsWith("jdbc:postgresql://"),
        named + " needs a " + property + " that starts with jdbc:postgresql://");
    String address = url.replaceFirst("\\?.*", "");
    require(
        address.endsWith("/"),
        "%s: its %s must end with '/', where the database name follows, not with a database"
            .formatted(named, property));
    require(
        !address.contains("@") && !url.toLowerCase(java.util.Locale.ROOT).contains("password="),
        "%s: its %s holds credentials; write them as 'user' and 'password'"
            .formatted(named, property));
  }

  private static void checkTable(TableRule table) {
    require(
        table.reference() != (table.shardKey() != null),
        "table '" + table.name() + "' needs either a 'shardKey' or 'reference: true'");
    require(
        (table.routing() == null) == table.ownShards().isEmpty(),
        "table '" + table.name() + "' needs both 'routing' and 'shards' of its own, or neither");
    require(
        table.routing() == null || !table.reference(),
        "table '" + table.name() + "' is a reference table, so it has no routing");
  }

  private static void checkShard(Topology topology, Shard shard) {
    String named = "shard '" + shard.id() + "'";
    require(
        SHARD_ID.matcher(shard.id()).matches(),
        named + ": an id has at most 63 letters, digits, '_', '.' and '-'");
    topology.nodeOf(shard);
    require(shard.database() != null && !shard.database().isEmpty(), named + " has no 'database'");
  }

  private static <T> void unique(List<T> all, Function<T, String> name, String noun) {
    Set<String> seen = new HashSet<>();
    for (T one : all) {
      String text = name.apply(one);
      require(text != null && !text.isEmpty(), "a " + noun + " has no name");
      require(seen.add(text), "the " + noun + " '" + text + "' is there twice");
    }
  }

  static void require(boolean kept, String violation) {
    if (!kept) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY, "the topology is not valid: " + violation);
    }
  }
}
