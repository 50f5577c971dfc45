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

  /** The shards that take part in routing: active ones that own something. */
  @JsonIgnore
  public List<Shard> owners() {
    return shards.stream()
        .filter(shard -> shard.status() == ShardStatus.ACTIVE && shard.statesOwnership())
        .toList();
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

  public Topology withShards(List<Shard> newShards) {
    return new Topology(version, routing, nodes, newShards, tables);
  }
}
