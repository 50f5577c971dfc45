package io.reshard.planner;

import io.reshard.core.TestServer;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Builds topologies of version 1 on one node. */
final class TestTopology {
  static final String NODE = "node-1";

  private final RoutingStrategy strategy;
  private final List<TableRule> tables;
  private final List<Shard> shards = new ArrayList<>();

  private TestTopology(RoutingStrategy strategy, String... tables) {
    this.strategy = strategy;
    this.tables =
        Arrays.stream(tables)
            .map(
                table -> {
                  String[] parts = table.split(":", 2);
                  return parts.length == 1
                      ? new TableRule(parts[0], null, true)
                      : new TableRule(parts[0], parts[1], false);
                })
            .toList();
  }

  /** Tables are written {@code name:shardKey}; one without a key is a reference table. */
  static TestTopology hash(String... tables) {
    return new TestTopology(RoutingStrategy.HASH, tables);
  }

  static TestTopology modulo(String... tables) {
    return new TestTopology(RoutingStrategy.MODULO, tables);
  }

  static TestTopology directory(String... tables) {
    return new TestTopology(RoutingStrategy.DIRECTORY, tables);
  }

  TestTopology shard(String id, String database, String range) {
    return shard(new Shard(id, NODE, database, ShardStatus.ACTIVE, KeyRange.parse(range), null));
  }

  TestTopology shard(String id, String database, int remainder) {
    return shard(new Shard(id, NODE, database, ShardStatus.ACTIVE, null, remainder));
  }

  TestTopology shard(Shard shard) {
    shards.add(shard);
    return this;
  }

  Topology build() {
    return new Topology(
        1,
        new Routing(strategy, strategy == RoutingStrategy.DIRECTORY ? null : HashFunction.POSTGRES),
        List.of(new Node(NODE, TestServer.nodeUrl(), "postgres", null, null)),
        shards,
        tables);
  }
}
