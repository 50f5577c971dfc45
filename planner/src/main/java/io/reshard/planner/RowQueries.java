package io.reshard.planner;

import io.reshard.core.postgres.Secrets;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.RoutingSql;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Sessions that look through tables, and the owners of a table's rows in SQL, as alias t. */
final class RowQueries {
  private final Migration migration;
  private final Inspection inspection;
  private final Secrets secrets;
  private final PlannerOptions options;
  private final ShardKeys shardKeys;

  RowQueries(Migration migration, Inspection inspection, Secrets secrets, PlannerOptions options) {
    this.migration = migration;
    this.inspection = inspection;
    this.secrets = secrets;
    this.options = options;
    this.shardKeys = new ShardKeys(migration);
  }

  /** A session in which the conditions can be evaluated. */
  Session open(String shardId) throws SQLException {
    Session session = Inspection.session(migration, shardId, secrets, options);
    if (needsFunctions()) {
      try {
        session.createRoutingFunctions();
      } catch (SQLException e) {
        session.close();
        throw e;
      }
    }
    return session;
  }

  /** The server has all that the functions postgres and identity need. */
  private boolean needsFunctions() {
    return migration.rules().stream()
        .flatMap(rule -> Stream.of(migration.sourceView(rule), migration.targetView(rule)))
        .map(view -> view.routing().function())
        .anyMatch(
            function -> function != HashFunction.POSTGRES && function != HashFunction.IDENTITY);
  }

  /** The table on a shard, if it is there and its rows can be read and routed. */
  Optional<TableFacts> routable(TableRule rule, String shardId) {
    return Optional.ofNullable(inspection.shard(shardId).table(rule))
        .filter(TableFacts::readable)
        .filter(table -> shardKeys.problem(rule, table) == null);
  }

  /**
   * Which rows will be together on the target, by the shards where they are now: a condition for
   * each. Fewer than two if none meet.
   */
  Map<String, String> meetingOn(TableRule rule, String target) {
    Map<String, String> conditions = new LinkedHashMap<>();
    for (String source : migration.sources()) {
      if (migration.moves().get(rule).containsKey(new Overlap.Pair(source, target))
          && routable(rule, source).isPresent()) {
        conditions.put(
            source,
            before(rule, source).ownedBy(source) + " AND " + after(rule, source).ownedBy(target));
      }
    }
    // A kept target has all its rows until the clean-up, also those that it will lose.
    if (!conditions.isEmpty() && !migration.isNew(target) && routable(rule, target).isPresent()) {
      conditions.put(target, "true");
    }
    return conditions;
  }

  RoutingSql before(TableRule rule, String shardId) {
    return routing(migration.sourceView(rule), rule, shardId);
  }

  RoutingSql after(TableRule rule, String shardId) {
    return routing(migration.targetView(rule), rule, shardId);
  }

  private RoutingSql routing(Topology view, TableRule rule, String shardId) {
    String type =
        inspection.shard(shardId).table(rule).column(rule.shardKey()).orElseThrow().type();
    return new RoutingSql(
        view, "t." + Sql.identifier(rule.shardKey()), type, Session.TEMPORARY_SCHEMA);
  }
}
