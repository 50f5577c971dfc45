package io.reshard.planner;

import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * What one shard says of itself.
 *
 * @param databaseExists false for a new shard whose database is yet to be created; then there are
 *     no tables, and {@code server} describes the database that it will be created beside
 * @param tables by name; only those that exist
 * @param estimates of the tables of a source, by name
 */
record ShardFacts(
    String shardId,
    boolean databaseExists,
    ServerFacts server,
    Map<String, TableFacts> tables,
    Map<String, TableEstimate> estimates) {

  /** The database of a node that stands before any shard is created. */
  private static final String MAINTENANCE_DATABASE = "postgres";

  static ShardFacts read(
      Migration migration, String shardId, Secrets secrets, PlannerOptions options)
      throws SQLException {
    Topology topology = migration.topologyOf(shardId);
    Shard shard = topology.shard(shardId);
    if (migration.isNew(shardId)) {
      Endpoint server = secrets.endpoint(topology.nodeOf(shard), shardId, MAINTENANCE_DATABASE);
      try (Session session = Session.open(server, options.queryTimeout())) {
        if (!session.any(
            "SELECT FROM pg_catalog.pg_database WHERE datname = ?", shard.database())) {
          return new ShardFacts(
              shardId,
              false,
              ServerFacts.ofTemplate(session, options.openTransactionAge()),
              Map.of(),
              Map.of());
        }
      }
    }
    try (Session session =
        Session.open(secrets.endpoint(topology, shard), options.queryTimeout())) {
      return read(session, migration, shardId, options.openTransactionAge());
    }
  }

  private static ShardFacts read(
      Session session, Migration migration, String shardId, Duration openTransactionAge)
      throws SQLException {
    TableInspector inspector = new TableInspector(session);
    Map<String, TableFacts> tables = new HashMap<>();
    Map<String, TableEstimate> estimates = new HashMap<>();
    for (TableRule rule : migration.tables()) {
      TableFacts table = inspector.inspect(rule).orElse(null);
      if (table == null) {
        continue;
      }
      tables.put(table.displayName(), table);
      if (migration.sources().contains(shardId)) {
        estimates.put(table.displayName(), TableEstimator.estimate(session, table));
      }
    }
    return new ShardFacts(
        shardId, true, ServerFacts.of(session, openTransactionAge), tables, estimates);
  }

  /** The table of {@code rule}, or null. */
  TableFacts table(TableRule rule) {
    return tables.get(TableSelection.displayName(rule));
  }
}
