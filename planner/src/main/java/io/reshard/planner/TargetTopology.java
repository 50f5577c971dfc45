package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.core.topology.TopologyRules;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Makes the topology after the switch out of the active one and the file that asks for it. */
final class TargetTopology {
  private final Topology active;
  private final Topology wanted;

  TargetTopology(Topology active, Topology wanted) {
    this.active = active;
    this.wanted = wanted;
  }

  /**
   * The wanted topology with the next version: its owners are active, and a shard that owned
   * something before and owns nothing now is {@code to_be_deleted}. Errors: {@code
   * invalid_topology}, {@code topologies_identical}.
   */
  Topology afterSwitch() {
    require(
        active.routing().function() == wanted.routing().function(),
        "the hash function changes; rows can be moved only under one function");
    checkNodes();
    checkTables();
    wanted.shards().forEach(this::checkShard);
    Topology after =
        TopologyRules.check(
            new Topology(
                active.version() + 1, wanted.routing(), nodes(), shards(), wanted.tables()));
    if (active.routing().strategy() == after.routing().strategy()
        && ownership(active).equals(ownership(after))) {
      throw new ReshardingException(
          ErrorCode.TOPOLOGIES_IDENTICAL,
          "every shard owns the same keys in both topologies, so there is nothing to move");
    }
    return after;
  }

  private static Map<String, String> ownership(Topology topology) {
    Map<String, String> ownership = new HashMap<>();
    topology.owners().forEach(shard -> ownership.put(shard.id(), shard.ownership()));
    return ownership;
  }

  private void checkNodes() {
    Map<String, String> urls = new HashMap<>();
    active.nodes().forEach(node -> urls.put(node.id(), address(node)));
    for (Node node : wanted.nodes()) {
      String before = urls.get(node.id());
      require(
          before == null || before.equals(address(node)),
          "node '"
              + node.id()
              + "' has the url "
              + before
              + " in the active topology; another server needs another node id");
    }
  }

  private static String address(Node node) {
    return node.url().replaceFirst("\\?.*", "");
  }

  private void checkTables() {
    Map<String, TableRule> before = rules(active);
    Map<String, TableRule> after = rules(wanted);
    before.forEach(
        (name, rule) -> {
          TableRule other = after.get(name);
          require(
              other != null, "the table '" + name + "' of the active topology is missing in it");
          require(
              other.reference() == rule.reference()
                  && Objects.equals(other.shardKey(), rule.shardKey()),
              "the table '" + name + "' has another shard key than in the active topology");
        });
    after
        .keySet()
        .forEach(
            name ->
                require(
                    before.containsKey(name),
                    "the table '" + name + "' is not in the active topology"));
  }

  private static Map<String, TableRule> rules(Topology topology) {
    Map<String, TableRule> rules = new HashMap<>();
    topology.tables().forEach(rule -> rules.put(rule.schema() + "." + rule.table(), rule));
    return rules;
  }

  private void checkShard(Shard shard) {
    Shard before = active.findShard(shard.id()).orElse(null);
    if (before == null) {
      require(owns(shard), "shard '" + shard.id() + "' is new but owns nothing");
      return;
    }
    require(
        before.node().equals(shard.node()) && before.database().equals(shard.database()),
        "shard '"
            + shard.id()
            + "' is the database "
            + before.database()
            + " of node '"
            + before.node()
            + "' in the active topology and cannot change its place; give the new place a new"
            + " shard id");
  }

  private static boolean owns(Shard shard) {
    return shard.statesOwnership()
        && (shard.status() == ShardStatus.ACTIVE || shard.status() == ShardStatus.PENDING);
  }

  private List<Node> nodes() {
    Map<String, Node> nodes = new HashMap<>();
    wanted.nodes().forEach(node -> nodes.put(node.id(), node));
    List<Node> all = new ArrayList<>(wanted.nodes());
    // A shard that is to be deleted still needs its node until it is gone.
    active.nodes().stream()
        .filter(node -> !nodes.containsKey(node.id()))
        .filter(node -> active.owners().stream().anyMatch(owner -> owner.node().equals(node.id())))
        .forEach(all::add);
    return all;
  }

  private List<Shard> shards() {
    List<Shard> shards = new ArrayList<>();
    for (Shard before : active.shards()) {
      wanted
          .findShard(before.id())
          .map(shard -> after(shard, before))
          .or(() -> ownedBefore(before) ? Optional.of(retired(before)) : missing())
          .ifPresent(shards::add);
    }
    Collection<String> known = active.shards().stream().map(Shard::id).toList();
    wanted.shards().stream()
        .filter(shard -> !known.contains(shard.id()))
        .map(shard -> shard.withStatus(ShardStatus.ACTIVE))
        .forEach(shards::add);
    return shards;
  }

  private static Optional<Shard> missing() {
    return Optional.empty();
  }

  private Shard after(Shard shard, Shard before) {
    if (owns(shard)) {
      return shard.withStatus(ShardStatus.ACTIVE);
    }
    return ownedBefore(before) ? retired(before) : withoutOwnership(before, before.status());
  }

  private boolean ownedBefore(Shard shard) {
    return active.owners().contains(shard);
  }

  private static Shard retired(Shard shard) {
    return withoutOwnership(shard, ShardStatus.TO_BE_DELETED);
  }

  private static Shard withoutOwnership(Shard shard, ShardStatus status) {
    return new Shard(shard.id(), shard.node(), shard.database(), status, null, null);
  }

  private static void require(boolean kept, String violation) {
    if (!kept) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY, "the target topology is not valid: " + violation);
    }
  }
}
