package io.reshard.planner;

import io.reshard.core.postgres.Secrets;
import io.reshard.core.postgres.Sql;
import io.reshard.core.topology.TableRule;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

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
  private final RowQueries queries;

  RowChecks(
      Migration migration,
      Inspection inspection,
      Secrets secrets,
      PlannerOptions options,
      Findings findings) {
    this.migration = migration;
    this.inspection = inspection;
    this.secrets = secrets;
    this.options = options.forScans();
    this.findings = findings;
    this.queries = new RowQueries(migration, inspection, secrets, this.options);
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
        emptying());
    new KeyCollisions(migration, inspection, queries).run(findings);
    new KeyCounters(migration, inspection, queries).run(findings);
    new ReferenceChecks(migration, inspection, secrets, options).run(findings);
  }

  /**
   * A shard that was given up has kept its reference tables, and perhaps a fence around them. They
   * are emptied from the last to the first, as tables refer to those that are listed before.
   */
  private String emptying() {
    String remedy = "drop the tables of the new shard, or give it another database";
    if (migration.references().isEmpty()) {
      return remedy;
    }
    List<String> deletes =
        migration.references().stream()
            .map(rule -> "DELETE FROM " + Sql.qualified(rule.schema(), rule.table()))
            .collect(Collectors.toCollection(ArrayList::new));
    Collections.reverse(deletes);
    return remedy
        + "; on a shard that was given up earlier, where only reference tables hold rows: SET"
        + " reshard.session = 'on'; "
        + String.join("; ", deletes);
  }

  /** Finds problems on one shard. */
  @FunctionalInterface
  private interface Search {
    List<String> problems(Session session, String shardId) throws SQLException;
  }

  private void report(
      String check, List<String> shardIds, Search search, String okDetail, String remedy) {
    Map<String, List<String>> problems =
        ShardWorkers.askAll(
            shardIds,
            shardId -> {
              try (Session session = queries.open(shardId)) {
                return search.problems(session, shardId);
              }
            });
    problems.forEach((shardId, found) -> findings.add(check, shardId, found, okDetail, remedy));
  }

  private List<String> strays(Session session, String source) throws SQLException {
    return search(
        session,
        source,
        migration.rules(),
        rule -> queries.before(rule, source).strayOn(source),
        "a row that the shard does not own");
  }

  private List<String> movedRows(Session session, String target) throws SQLException {
    return search(
        session,
        target,
        migration.rules(),
        rule ->
            queries.after(rule, target).ownedBy(target)
                + " AND NOT "
                + queries.before(rule, target).ownedBy(target),
        "a row of the keys that will be moved there");
  }

  private List<String> anyRows(Session session, String target) throws SQLException {
    List<String> problems = new ArrayList<>();
    for (TableRule rule : migration.tables()) {
      TableFacts table = inspection.shard(target).table(rule);
      if (table != null
          && table.readable()
          && session.any("SELECT FROM " + table.quotedName() + " LIMIT 1")) {
        problems.add(table.displayName() + " holds rows");
      }
    }
    return problems;
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
      Optional<TableFacts> table = queries.routable(rule, shardId);
      if (table.isPresent()) {
        find(session, table.get(), condition.of(rule), what).ifPresent(problems::add);
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
}
