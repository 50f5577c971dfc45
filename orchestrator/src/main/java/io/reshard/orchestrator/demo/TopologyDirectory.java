package io.reshard.orchestrator.demo;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.routing.Router;
import io.reshard.core.topology.Topology;
import io.reshard.testkit.ShardDirectory;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Routes like an application: by the topology that was active when it looked last. */
final class TopologyDirectory implements ShardDirectory {
  /** One version of the topology, and the shards that keys have gone to under it. */
  private record View(Topology topology, Router router, Set<String> reached) {
    View(Topology topology) {
      this(topology, new Router(topology), ConcurrentHashMap.newKeySet());
    }
  }

  private static final String CONNECTION_FAILURE = "08006";

  private final TopologyStore store;
  private final Secrets secrets;
  private volatile View view;

  TopologyDirectory(TopologyStore store, Secrets secrets) {
    this.store = store;
    this.secrets = secrets;
    this.view = new View(store.active());
  }

  @Override
  public String shardFor(long customerId) {
    View current = view;
    String shard = current.router().route(customerId).id();
    current.reached().add(shard);
    return shard;
  }

  /** The shards that writers were sent to under version {@code version}; none if it is not seen. */
  Set<String> reached(long version) {
    View current = view;
    return current.topology().version() == version ? Set.copyOf(current.reached()) : Set.of();
  }

  @Override
  public Connection connect(String shardId) throws SQLException {
    Topology topology = view.topology();
    return secrets.endpoint(topology, topology.shard(shardId)).connect("sample application");
  }

  @Override
  public void refresh() throws SQLException {
    try {
      if (store.activeVersion() != view.topology().version()) {
        view = new View(store.active());
      }
    } catch (ReshardingException e) {
      // The writers know what to do about a database that is away.
      throw new SQLException(e.getMessage(), CONNECTION_FAILURE, e);
    }
  }
}
