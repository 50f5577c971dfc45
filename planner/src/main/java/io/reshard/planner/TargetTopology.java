package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.RoutingStrategy;
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
import java.util.Set;
import java.util.stream.Collectors;

/** Makes the topology after the switch out of the active one and the file that asks for it. */
final class TargetTopology {
  private final Topology active;
  private final Topology wanted;
  private final List<TableRule> rules;
  private final Set<String> pinned;

  /**
   * @param asked the tables that may move; the others stay as they are under a routing of their own
   */
  TargetTopology(Topology active, Topology wanted, List<TableRule> asked) {
    this.active = active;
    this.wanted = wanted;
    checkTables();
    this.rules = wanted.tables().stream().map(rule -> after(rule, asked.contains(rule))).toList();
    this.pinned =
        rules.stream()
            .flatMap(rule -> rule.ownShards().stream())
            .map(Shard::id)
            .collect(Collectors.toSet());
  }

  /**
   * The wanted topology with the next version: its owners are active, and a shard that owned
   * something before and owns nothing now is {@code to_be_deleted}. Errors: {@code
   * invalid_topology}, {@code topologies_identical}.
   */
  Topology afterSwitch() {
    checkNodes();
    wanted.shards().forEach(this::checkShard);
    Topology after =
        TopologyRules.check(
            new Topology(active.version() + 1, wanted.routing(), nodes(), shards(), rules));
    if (rules.stream().allMatch(rule -> rule.reference() || isAsBefore(after, rule))) {
      throw new ReshardingException(
          ErrorCode.TOPOLOGIES_IDENTICAL,
          "every shard owns the same keys in both topologies, so there is nothing to move");
    }
    return after;
  }

  private TableRule after(TableRule rule, boolean asked) {
    if (rule.reference()) {
      return rule;
    }
    TableRule after = asked ? rule : pinned(rule);
    boolean shared =
        after.routing() == null
            || (after.routing().equals(wanted.routing())
                && Set.copyOf(after.ownShards()).equals(shares(wanted.withTables(List.of()))));
    return shared ? after.withoutRouting() : after;
  }

  /** The rule with what it has under the active topology. */
  private TableRule pinned(TableRule rule) {
    Topology view = activeView(rule);
    return rule.withRouting(view.routing(), view.owners().stream().map(Shard::shareOnly).toList());
  }

  private Topology activeView(TableRule rule) {
    return active.viewOf(active.rule(rule.schema(), rule.table()));
  }

  private boolean isAsBefore(Topology after, TableRule rule) {
    Topology before = activeView(rule);
    Topology now = after.viewOf(rule);
    return before.routing().equals(now.routing()) && shares(before).equals(shares(now));
  }

  /** What each owner has; a pending one counts, as it will be active. */
  private static Set<Shard> shares(Topology view) {
    return view
        .withShards(view.shards().stream().map(TargetTopology::activated).toList())
        .owners()
        .stream()
        .map(Shard::shareOnly)
        .collect(Collectors.toSet());
  }

  private static Shard activated(Shard shard) {
    return shard.status() == ShardStatus.PENDING ? shard.withStatus(ShardStatus.ACTIVE) : shard;
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

  private boolean owns(Shard shard) {
    return (shard.statesOwnership() || pinned.contains(shard.id()) || isOnlyOne(shard))
        && (shard.status() == ShardStatus.ACTIVE || shard.status() == ShardStatus.PENDING);
  }

  /** The only shard of the strategy range owns everything without saying so. */
  private boolean isOnlyOne(Shard shard) {
    return wanted.routing().strategy() == RoutingStrategy.RANGE
        && wanted.owners().equals(List.of(shard));
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
    return ownedBefore(before) ? retired(before) : before.withoutShare();
  }

  private boolean ownedBefore(Shard shard) {
    return active.owns(shard.id());
  }

  private Shard retired(Shard shard) {
    boolean stays = pinned.contains(shard.id());
    return shard.withoutShare().withStatus(stays ? ShardStatus.ACTIVE : ShardStatus.TO_BE_DELETED);
  }

  private static void require(boolean kept, String violation) {
    if (!kept) {
      throw new ReshardingException(
          ErrorCode.INVALID_TOPOLOGY, "the target topology is not valid: " + violation);
    }
  }
}
