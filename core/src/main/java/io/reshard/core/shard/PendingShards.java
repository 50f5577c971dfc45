package io.reshard.core.shard;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.postgres.Sql;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * Creates the new shards of a plan: database, schema, and tables without any index. Existing
 * targets only get the schema {@code reshard}. Idempotent.
 */
public final class PendingShards {
  /** The database of a node from which others are created. */
  private static final String MAINTENANCE_DATABASE = "postgres";

  private final Plan plan;
  private final Secrets secrets;

  public PendingShards(Plan plan, Secrets secrets) {
    this.plan = plan;
    this.secrets = secrets;
  }

  /** What is written on a database that was created here, so that a rollback may drop it. */
  public static String databaseComment(Plan plan) {
    return "created by reshard operation " + plan.planId();
  }

  /** Creates what is missing; {@code target_unavailable} names the shard that cannot be made. */
  public void create() {
    for (String target : plan.targets()) {
      Topology topology = plan.topologyOf(target);
      Shard shard = topology.shard(target);
      try {
        if (plan.isNew(target)) {
          createDatabase(topology, shard);
        }
        prepare(secrets.endpoint(topology, shard), target);
      } catch (SQLException e) {
        throw new ReshardingException(
            ErrorCode.TARGET_UNAVAILABLE,
            "target " + target + " cannot be prepared: " + e.getMessage(),
            e);
      }
    }
  }

  private void createDatabase(Topology topology, Shard shard) throws SQLException {
    Endpoint server = secrets.endpoint(topology.nodeOf(shard), shard.node(), MAINTENANCE_DATABASE);
    try (Connection connection = server.connect("reshard " + plan.planId() + " prepare");
        PreparedStatement query =
            connection.prepareStatement("SELECT 1 FROM pg_database WHERE datname = ?")) {
      query.setString(1, shard.database());
      try (ResultSet row = query.executeQuery()) {
        if (row.next()) {
          return;
        }
      }
      try (Statement statement = connection.createStatement()) {
        statement.execute("CREATE DATABASE " + Sql.identifier(shard.database()));
        // A crash before this line leaves a database that a rollback empties, but does not drop.
        statement.execute(
            "COMMENT ON DATABASE "
                + Sql.identifier(shard.database())
                + " IS "
                + Sql.literal(databaseComment(plan)));
      }
    }
  }

  private void prepare(Endpoint endpoint, String target) throws SQLException {
    try (Connection connection = endpoint.connect("reshard " + plan.planId() + " prepare")) {
      ShardSchema.ensure(connection);
      if (!plan.isNew(target)) {
        return;
      }
      connection.setAutoCommit(false);
      // The first table stands for all: they are created in one transaction.
      if (!exists(connection, plan.tables().get(0))) {
        run(connection, plan.schema());
        for (PlannedTable table : plan.tables()) {
          run(connection, table.createStatements());
        }
        try (PreparedStatement record =
            connection.prepareStatement(
                "INSERT INTO reshard.created_tables (operation_id) VALUES (?)"
                    + " ON CONFLICT DO NOTHING")) {
          record.setString(1, plan.planId());
          record.execute();
        }
      }
      connection.commit();
    }
  }

  private static boolean exists(Connection connection, PlannedTable table) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement("SELECT to_regclass(?)")) {
      query.setString(1, table.quotedName());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getString(1) != null;
      }
    }
  }

  private static void run(Connection connection, List<String> statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
