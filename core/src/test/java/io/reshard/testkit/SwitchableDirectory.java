package io.reshard.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * A directory whose topology is set by hand. Like a real application's, it goes on routing by the
 * old topology until somebody calls {@link #refresh}.
 */
public final class SwitchableDirectory implements ShardDirectory {
  private record Topology(Map<String, ConnectionSource> shards, LongFunction<String> route) {}

  private volatile Topology active;
  private volatile Topology seen;

  /** {@code route} gives the shard id of a customer. */
  public SwitchableDirectory(Map<String, ConnectionSource> shards, LongFunction<String> route) {
    active = new Topology(Map.copyOf(shards), route);
    seen = active;
  }

  /** Makes another topology the active one. */
  public void switchTo(Map<String, ConnectionSource> shards, LongFunction<String> route) {
    active = new Topology(Map.copyOf(shards), route);
  }

  @Override
  public String shardFor(long customerId) {
    return seen.route().apply(customerId);
  }

  @Override
  public Connection connect(String shardId) throws SQLException {
    ConnectionSource source = seen.shards().get(shardId);
    if (source == null) {
      throw new SQLException("shard " + shardId + " is not in the topology");
    }
    return source.open();
  }

  @Override
  public void refresh() {
    seen = active;
  }
}
