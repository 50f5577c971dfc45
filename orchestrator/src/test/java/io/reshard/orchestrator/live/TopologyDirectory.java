package io.reshard.orchestrator.live;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.routing.Router;
import io.reshard.core.topology.Topology;
import io.reshard.testkit.ShardDirectory;
import java.sql.Connection;
import java.sql.SQLException;

/** Routes like an application: by the topology that was active when it looked last. */
public final class TopologyDirectory implements ShardDirectory {
  private record View(Topology topology, Router router) {}

  private final TopologyStore store;
  private final Secrets secrets;
  private volatile View view;

  public TopologyDirectory(TopologyStore store, Secrets secrets) {
    this.store = store;
    this.secrets = secrets;
    refresh();
  }

  @Override
  public String shardFor(long customerId) {
    return view.router().route(customerId).id();
  }

  @Override
  public Connection connect(String shardId) throws SQLException {
    Topology topology = view.topology();
    return secrets.endpoint(topology, topology.shard(shardId)).connect("sample application");
  }

  @Override
  public void refresh() {
    if (view == null || store.activeVersion() != view.topology().version()) {
      Topology active = store.active();
      view = new View(active, new Router(active));
    }
  }
}
