package io.reshard.planner;

import io.reshard.core.postgres.Secrets;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.RoutingSql;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Checks that look for rows in the wrong place. Each is a scan of a table until the first such row,
 * so of the whole table where all is well.
 */
final class RowChecks {
  private final Migration migration;
  private final Inspection inspection;
  private final Secrets secrets;
  private final PlannerOptions options;
  private final Findings findings;
  private final ShardKeys shardKeys;

  RowChecks(
      Migration migration,
      Inspection inspection,
      Secrets secrets,
      PlannerOptions options,
      Findings findings) {
    this.migration = migration;
    this.inspection = inspection;
    this.secrets = secrets;
    this.options = options;
    this.findings = findings;
    this.shardKeys = new ShardKeys(migration);
  }

  void run() {
    report(
        "strays",
        migration.sources(),
        this::strays,
        "every row is owned by its shard",
        "move the row to the shard that owns its key, or delete it: it may be the only copy");
    report(
        "moved_rows_absent",
        migration.existingTargets().stream()
            .filter(target -> !migration.sources().contains(target))
            .toList(),
        this::movedRows,
        "holds no rows of the keys that it will receive",
        "delete or move the row: it would be mistaken for a copied one");
    report(
        "target_empty",
        migration.newTargets().stream()
            .filter(target -> inspection.shard(target).databaseExists())
            .toList(),
        this::anyRows,
        "the tables are empty or not there yet",
        "drop the tables of the new shard, or give it another database");
    new ReferenceChecks(migration, inspection, secrets, patient()).run(findings);
    report(
        "keys_routed",
        migration.sources(),
        this::unrouted,
        "every row has an owner under the new topology",
        "list the key under a shard of the new topology, or let one shard be the default");
  }

  /** Finds problems on one shard. */
  @FunctionalInterface
  private interface Search {
    List<String> problems(Session session, String shardId) throws SQLException;
  }

  private void report(
      String check, List<String> shardIds, Search search, String okDetail, String remedy) {
    PlannerOptions patient = patient();
    Map<String, List<String>> problems =
        ShardWorkers.askAll(
            shardIds,
            shardId -> {
              try (Session session = Inspection.session(migration, shardId, secrets, patient)) {
                if (needsFunctions()) {
                  session.createRoutingFunctions();
                }
                return search.problems(session, shardId);
              }
            });
    problems.forEach((shardId, found) -> findings.add(check, shardId, found, okDetail, remedy));
  }

  private PlannerOptions patient() {
    return new PlannerOptions(
        options.tables(), options.copyBatchSize(), options.scanTimeout(), options.scanTimeout());
  }

  /** The server has all that the functions postgres and identity need. */
  private boolean needsFunctions() {
    return migration.rules().stream()
        .flatMap(rule -> Stream.of(migration.sourceView(rule), migration.targetView(rule)))
        .map(view -> view.routing().function())
        .anyMatch(
            function -> function != HashFunction.POSTGRES && function != HashFunction.IDENTITY);
  }

  private List<String> strays(Session session, String source) throws SQLException {
    return search(
        session,
        source,
        migration.rules(),
        rule -> routing(migration.sourceView(rule), rule, source).strayOn(source),
        "a row that the shard does not own");
  }

  private List<String> movedRows(Session session, String target) throws SQLException {
    return search(
        session,
        target,
        migration.rules(),
        rule ->
            routing(migration.targetView(rule), rule, target).ownedBy(target)
                + " AND NOT "
                + routing(migration.sourceView(rule), rule, target).ownedBy(target),
        "a row of the keys that will be moved there");
  }

  private List<String> anyRows(Session session, String target) throws SQLException {
    List<String> problems = new ArrayList<>();
    for (TableRule rule : migration.tables()) {
      TableFacts table = inspection.shard(target).table(rule);
      if (table != null && session.any("SELECT FROM " + table.quotedName() + " LIMIT 1")) {
        problems.add(table.displayName() + " holds rows");
      }
    }
    return problems;
  }

  /** Only a directory without a default leaves keys without an owner. */
  private List<String> unrouted(Session session, String source) throws SQLException {
    List<TableRule> doubtful =
        migration.rules().stream()
            .filter(
                rule -> {
                  Topology view = migration.targetView(rule);
                  return view.routing().strategy() == RoutingStrategy.DIRECTORY
                      && view.owners().stream().noneMatch(Shard::isDefault);
                })
            .toList();
    return search(
        session,
        source,
        doubtful,
        rule ->
            routing(migration.sourceView(rule), rule, source).ownedBy(source)
                + " AND "
                + routing(migration.targetView(rule), rule, source).owner(shard -> 0)
                + " = "
                + RoutingSql.NOBODY,
        "a row whose key no shard will own");
  }

  /** Writes the condition of a row that should not be there. */
  @FunctionalInterface
  private interface Condition {
    String of(TableRule rule);
  }

  private List<String> search(
      Session session, String shardId, List<TableRule> rules, Condition condition, String what)
      throws SQLException {
    List<String> problems = new ArrayList<>();
    for (TableRule rule : rules) {
      TableFacts table = inspection.shard(shardId).table(rule);
      if (table != null && shardKeys.problem(rule, table) == null) {
        find(session, table, condition.of(rule), what).ifPresent(problems::add);
      }
    }
    return problems;
  }

  private static Optional<String> find(
      Session session, TableFacts table, String condition, String what) throws SQLException {
    String key =
        table.primaryKey().isEmpty()
            ? "''"
            : table.primaryKey().stream()
                .map(column -> "t." + Sql.identifier(column) + "::text")
                .collect(Collectors.joining(", ", "concat_ws(', ', ", ")"));
    return session.first(
        "SELECT " + key + " FROM " + table.quotedName() + " t WHERE " + condition + " LIMIT 1",
        row -> table.displayName() + " holds " + what + ", such as (" + row.getString(1) + ")");
  }

  private RoutingSql routing(Topology view, TableRule rule, String shardId) {
    String type =
        inspection.shard(shardId).table(rule).column(rule.shardKey()).orElseThrow().type();
    return new RoutingSql(
        view, "t." + Sql.identifier(rule.shardKey()), type, Session.TEMPORARY_SCHEMA);
  }
}
