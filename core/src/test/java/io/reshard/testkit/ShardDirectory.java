package io.reshard.testkit;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * Tells the application where a customer's rows are: its view of the active topology, which may be
 * out of date until {@link #refresh}. Safe for use by several threads.
 */
public interface ShardDirectory {
  /** The id of the shard that owns the customer. */
  String shardFor(long customerId) throws SQLException;

  /**
   * Opens a new connection to a shard; the writer keeps it for many transactions, and closes it.
   */
  Connection connect(String shardId) throws SQLException;

  /**
   * Learns the active topology anew. A writer calls it after a refused write or a lost connection.
   */
  void refresh() throws SQLException;
}
