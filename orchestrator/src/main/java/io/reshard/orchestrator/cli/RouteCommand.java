package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.Router;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code reshard route}. */
@Command(name = "route", description = "Tells the shard of a key under the active topology.")
final class RouteCommand implements Callable<Integer> {
  private static final String COLUMN_TYPE =
      "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
          + " WHERE attrelid = to_regclass(?) AND attname = ? AND NOT attisdropped";

  @Mixin CommonOptions common;

  @Option(names = "--table", required = true, paramLabel = "T", description = "A sharded table.")
  String table;

  @Option(names = "--key", required = true, paramLabel = "K", description = "A shard key.")
  String key;

  /** The document of {@code route --json}. */
  record Route(String table, String key, String shard, String node, String database) {}

  @Override
  public Integer call() {
    try (Session session = common.open()) {
      Topology topology = session.topologies().active();
      TableRule rule = rule(topology);
      String type = keyType(session, topology, rule);
      Shard shard;
      try {
        shard = new Router(topology.viewOf(rule), type).route(key);
      } catch (IllegalArgumentException | DateTimeException e) {
        throw invalid(
            "'" + key + "' is not a value of the type " + type + ": " + e.getMessage(), e);
      }
      common.print(
          new Route(rule.name(), key, shard.id(), shard.node(), shard.database()), shard.id());
    }
    return ExitCode.OK;
  }

  private TableRule rule(Topology topology) {
    TableRule rule =
        topology.tables().stream()
            .filter(
                one ->
                    one.name().equals(table)
                        || (one.schema() + "." + one.table()).equals(table)
                        || (one.schema().equals("public") && one.table().equals(table)))
            .findFirst()
            .orElseThrow(
                () ->
                    invalid(
                        "the topology has no table '"
                            + table
                            + "'; it has "
                            + topology.tables().stream().map(TableRule::name).toList(),
                        null));
    if (rule.reference()) {
      throw invalid(table + " is a reference table: every shard has all of its rows", null);
    }
    return rule;
  }

  private static String keyType(Session session, Topology topology, TableRule rule) {
    Shard shard = topology.viewOf(rule).owners().get(0);
    Endpoint endpoint = session.secrets(topology).endpoint(topology, shard);
    try (Connection connection = endpoint.connect("reshard route");
        PreparedStatement query = connection.prepareStatement(COLUMN_TYPE)) {
      query.setString(1, Sql.qualified(rule.schema(), rule.table()));
      query.setString(2, rule.shardKey());
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          throw invalid(rule.name() + " on " + shard.id() + " has no " + rule.shardKey(), null);
        }
        return row.getString(1);
      }
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.SOURCE_UNAVAILABLE,
          "cannot ask " + endpoint + " for the type of the key: " + e.getMessage(),
          e);
    }
  }

  private static ReshardingException invalid(String message, Exception cause) {
    return new ReshardingException(ErrorCode.INVALID_ARGUMENTS, message, cause);
  }
}
