package io.reshard.orchestrator.demo;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyFollower;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.Topology;
import io.reshard.testkit.SampleApplication;
import io.reshard.testkit.ShardDirectory;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Routes like an application: by the topology that it follows. */
final class TopologyDirectory implements ShardDirectory, AutoCloseable {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /** All tables are routed alike. */
  private static final String TABLE = SampleApplication.tableNames().get(0);

  private static final String KEY_TYPE = "bigint";

  private static final String CONNECTION_FAILURE = "08006";

  private final TopologyFollower follower;
  private final Secrets secrets;
  private final Map<Long, Set<String>> reached = new ConcurrentHashMap<>();

  TopologyDirectory(ControlDatabase control, Secrets secrets) {
    this.follower = new TopologyFollower(control, INTERVAL);
    this.secrets = secrets;
  }

  @Override
  public String shardFor(long customerId) {
    long version = follower.topology().version();
    String shard = follower.router(TABLE, KEY_TYPE).route(customerId).id();
    reached.computeIfAbsent(version, any -> ConcurrentHashMap.newKeySet()).add(shard);
    return shard;
  }

  /** The shards that writers were sent to under version {@code version}; none if it is not seen. */
  Set<String> reached(long version) {
    return Set.copyOf(reached.getOrDefault(version, Set.of()));
  }

  @Override
  public Connection connect(String shardId) throws SQLException {
    Topology topology = follower.topology();
    return secrets.endpoint(topology, topology.shard(shardId)).connect("sample application");
  }

  @Override
  public void refresh() throws SQLException {
    try {
      follower.refresh();
    } catch (ReshardingException e) {
      // The writers know what to do about a database that is away.
      throw new SQLException(e.getMessage(), CONNECTION_FAILURE, e);
    }
  }

  @Override
  public void close() {
    follower.close();
  }
}
