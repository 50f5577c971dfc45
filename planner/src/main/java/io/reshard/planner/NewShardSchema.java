package io.reshard.planner;

import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.Topology;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where new shards have their schema from: a dump of the source with the lowest place, which has
 * all that its schemas hold, or the catalogs, which are asked for what the moved tables need.
 *
 * @param basis which of the two, and why, in words
 * @param dump scripts that make all but the triggers and indexes of moved tables; or null
 * @param roles that the dump names
 * @param extensions that the dump makes
 */
record NewShardSchema(
    String basis, List<String> dump, List<String> roles, List<String> extensions) {
  private static final String SCHEMAS =
      "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'"
          + " AND nspname NOT IN ('information_schema', 'reshard') ORDER BY 1";

  private static final String ROLES =
      """
      SELECT DISTINCT r.rolname FROM pg_catalog.pg_shdepend d
      JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid
      JOIN pg_catalog.pg_database b ON b.oid = d.dbid AND b.datname = current_database()
      WHERE d.refclassid = 'pg_catalog.pg_authid'::regclass ORDER BY 1
      """;

  private static final String EXTENSIONS = "SELECT extname FROM pg_catalog.pg_extension ORDER BY 1";

  private static final String FOREIGN_TABLES =
      "SELECT FROM pg_catalog.pg_class WHERE relkind = 'f' LIMIT 1";

  /** Decides, and dumps where that is possible. */
  static NewShardSchema of(
      Migration migration,
      Map<String, ShardFacts> shards,
      Collection<TableFacts> moved,
      Secrets secrets,
      PlannerOptions options) {
    Optional<PgDump> client = PgDump.find(options.dumpProgram());
    String source = migration.sources().get(0);
    Optional<String> standing =
        migration.newTargets().stream()
            .filter(target -> shards.get(target).databaseExists())
            .findFirst();
    int server = shards.get(source).server().majorVersion();
    if (migration.newTargets().isEmpty()) {
      return catalogs("no shard is new");
    }
    if (client.isEmpty()) {
      return catalogs("there is no " + options.dumpProgram());
    }
    if (client.get().version() < server) {
      return catalogs("pg_dump " + client.get().version() + " is older than the server");
    }
    if (standing.isPresent()) {
      return catalogs("the database of " + standing.get() + " stands already");
    }
    return ShardWorkers.askAll(
            List.of(source), id -> dumped(client.get(), migration, id, moved, secrets, options))
        .get(source);
  }

  private static NewShardSchema dumped(
      PgDump client,
      Migration migration,
      String source,
      Collection<TableFacts> moved,
      Secrets secrets,
      PlannerOptions options)
      throws SQLException {
    Topology topology = migration.topologyOf(source);
    Endpoint endpoint = secrets.endpoint(topology, topology.shard(source));
    try (Session session = Session.open(endpoint, options.queryTimeout())) {
      if (session.any(FOREIGN_TABLES)) {
        return catalogs("a dump would hold foreign tables, whose servers a new shard lacks");
      }
      List<String> schemas = session.list(SCHEMAS, row -> row.getString(1));
      return new NewShardSchema(
          "from pg_dump " + client.version() + " of " + source,
          List.of(client.beforeRows(endpoint, schemas), client.afterRows(endpoint, schemas, moved)),
          session.list(ROLES, row -> row.getString(1)),
          session.list(EXTENSIONS, row -> row.getString(1)));
    }
  }

  private static NewShardSchema catalogs(String reason) {
    return new NewShardSchema("from the catalogs: " + reason, null, List.of(), List.of());
  }

  boolean isDumped() {
    return dump != null;
  }
}
