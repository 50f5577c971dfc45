package io.reshard.core.topology;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * One version of the application's topology. Immutable and thread-safe. Build it through {@link
 * TopologyFile} or validate it with {@link TopologyRules}: the constructor checks nothing.
 */
public record Topology(
    long version, Routing routing, List<Node> nodes, List<Shard> shards, List<TableRule> tables)
    implements Serializable {
  public Topology {
    nodes = nodes == null ? List.of() : List.copyOf(nodes);
    shards = shards == null ? List.of() : List.copyOf(shards);
    tables = tables == null ? List.of() : List.copyOf(tables);
  }

  /**
   * The shards that take part in routing: active ones that own something of any table. The only
   * active shard of the strategy range owns everything without saying so.
   */
  @JsonIgnore
  public List<Shard> owners() {
    List<Shard> active =
        shards.stream().filter(shard -> shard.status() == ShardStatus.ACTIVE).toList();
    List<Shard> owners = active.stream().filter(this::ownsSomething).toList();
    return owners.isEmpty() && active.size() == 1 && routing.strategy() == RoutingStrategy.RANGE
        ? active
        : owners;
  }

  private boolean ownsSomething(Shard shard) {
    boolean shared = tables.isEmpty() || tables.stream().anyMatch(rule -> rule.routing() == null);
    return (shared && shard.statesOwnership())
        || tables.stream()
            .flatMap(rule -> rule.ownShards().stream())
            .anyMatch(own -> own.id().equals(shard.id()));
  }

  /** Whether {@code shardId} takes part in routing. */
  public boolean owns(String shardId) {
    return owners().stream().anyMatch(owner -> owner.id().equals(shardId));
  }

  /**
   * The topology as one table sees it: its own routing and its own shares, if it has any. Routers
   * are made of views.
   */
  public Topology viewOf(TableRule rule) {
    if (rule.routing() == null) {
      return withTables(List.of(rule));
    }
    List<Shard> own =
        rule.ownShards().stream().map(share -> shard(share.id()).withShareOf(share)).toList();
    return new Topology(version, rule.routing(), nodes, own, List.of(rule.withoutRouting()));
  }

  /**
   * The rule of the table called {@code schema.table}; {@code invalid_topology} if there is none.
   */
  public TableRule rule(String schema, String table) {
    return tables.stream()
        .filter(rule -> rule.schema().equals(schema) && rule.table().equals(table))
        .findFirst()
        .orElseThrow(
            () ->
                new ReshardingException(
                    ErrorCode.INVALID_TOPOLOGY,
                    "the topology has no table '" + schema + "." + table + "'"));
  }

  /** The shard called {@code id}; {@code invalid_topology} if there is none. */
  public Shard shard(String id) {
    return findShard(id)
        .orElseThrow(
            () ->
                new ReshardingException(
                    ErrorCode.INVALID_TOPOLOGY, "the topology has no shard '" + id + "'"));
  }

  public Optional<Shard> findShard(String id) {
    return shards.stream().filter(shard -> shard.id().equals(id)).findFirst();
  }

  /** The node of {@code shard}; {@code invalid_topology} if there is none. */
  public Node nodeOf(Shard shard) {
    return nodes.stream()
        .filter(node -> node.id().equals(shard.node()))
        .findFirst()
        .orElseThrow(
            () ->
                new ReshardingException(
                    ErrorCode.INVALID_TOPOLOGY,
                    "shard '" + shard.id() + "' names the unknown node '" + shard.node() + "'"));
  }

  public Topology withVersion(long newVersion) {
    return new Topology(newVersion, routing, nodes, shards, tables);
  }

  public Topology withTables(List<TableRule> newTables) {
    return new Topology(version, routing, nodes, shards, newTables);
  }

  public Topology withShards(List<Shard> newShards) {
    return new Topology(version, routing, nodes, newShards, tables);
  }
}
