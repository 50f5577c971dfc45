package io.reshard.planner;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Secrets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares the reference tables of all sources by count and checksum. One copy of them goes to the
 * new shards, so a difference would become the application's.
 */
final class ReferenceChecks {
  private final Migration migration;
  private final Inspection inspection;
  private final Secrets secrets;
  private final PlannerOptions options;

  ReferenceChecks(
      Migration migration, Inspection inspection, Secrets secrets, PlannerOptions options) {
    this.migration = migration;
    this.inspection = inspection;
    this.secrets = secrets;
    this.options = options;
  }

  void run(Findings findings) {
    List<PlannedTable> tables =
        inspection.tables().stream().filter(PlannedTable::isReference).toList();
    if (tables.isEmpty()) {
      return;
    }
    Map<String, Map<String, String>> contents =
        ShardWorkers.askAll(
            migration.sources(),
            source -> {
              try (Session session = Inspection.session(migration, source, secrets, options)) {
                return contents(session, source, tables);
              }
            });
    String reader = migration.referenceSource();
    contents.forEach(
        (source, content) -> {
          List<String> problems = new ArrayList<>();
          contents
              .get(reader)
              .forEach(
                  (table, expected) -> {
                    if (content.containsKey(table) && !content.get(table).equals(expected)) {
                      problems.add(table + " has other rows than on " + reader);
                    }
                  });
          findings.add(
              "reference_tables",
              source,
              problems,
              tables.size() + " reference tables are as on " + reader,
              "make the table equal on all shards: the new shards get the rows of " + reader);
        });
  }

  /** Count and checksum by the name of the table; one that is not there, or is another, is left. */
  private Map<String, String> contents(Session session, String source, List<PlannedTable> tables)
      throws SQLException {
    session.prepareRowHash();
    Map<String, String> contents = new HashMap<>();
    for (PlannedTable table : tables) {
      if (inspection.isComparable(source, table)) {
        contents.put(
            table.displayName(),
            session.one(
                "SELECT count(*) || ' ' || coalesce(sum("
                    + RowHash.ofRow(table, "t")
                    + "), 0) FROM "
                    + table.quotedName()
                    + " t",
                row -> row.getString(1)));
      }
    }
    return contents;
  }
}
