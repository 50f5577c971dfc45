package io.reshard.planner;

import io.reshard.core.topology.TableRule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/** Checks of the tables' definitions. No I/O: all facts have been read. */
final class TableChecks {
  private static final Set<String> CAPTURABLE =
      Set.of(
          "smallint",
          "integer",
          "bigint",
          "text",
          "character varying",
          "character",
          "uuid",
          "boolean",
          "numeric",
          "date",
          "timestamp without time zone",
          "timestamp with time zone");

  private final Migration migration;
  private final Inspection inspection;
  private final Findings findings;
  private final ShardKeys shardKeys;
  private final Set<String> moved = new HashSet<>();

  TableChecks(Migration migration, Inspection inspection, Findings findings) {
    this.migration = migration;
    this.inspection = inspection;
    this.findings = findings;
    this.shardKeys = new ShardKeys(migration);
    migration.tables().forEach(rule -> moved.add(TableSelection.displayName(rule)));
    // Where no shard is new, reference tables are not moved, but they are on every shard.
    migration.target().tables().stream()
        .filter(TableRule::reference)
        .forEach(rule -> moved.add(TableSelection.displayName(rule)));
  }

  void run() {
    for (String source : migration.sources()) {
      checkPresence(source);
      checkSource(source);
    }
    for (String target : migration.targets()) {
      if (migration.sources().contains(target)) {
        continue;
      }
      if (!migration.isNew(target)) {
        checkPresence(target);
      }
      checkAgreement(target);
      checkBothWays(target);
    }
  }

  private void checkPresence(String shardId) {
    ShardFacts shard = inspection.shard(shardId);
    List<String> missing =
        migration.tables().stream()
            .filter(rule -> shard.table(rule) == null)
            .map(rule -> TableSelection.displayName(rule) + " does not exist")
            .toList();
    findings.add(
        "tables_exist",
        shardId,
        missing,
        migration.tables().size() + " tables",
        "create the table on every shard, or take it out of the topology");
  }

  private void checkSource(String source) {
    findings.add("estimates", source, true, estimates(source), null);
    each(
        "table_kind",
        source,
        (table, problems) -> kind(table, problems),
        "ordinary and partitioned, logged tables",
        "name the root of a partitioned table; inherited, unlogged and foreign tables are not"
            + " supported: move the rows into an ordinary table, or leave the table out with"
            + " 'tables'");
    each(
        "primary_key",
        source,
        TableChecks::primaryKey,
        "every table has one whose changes can be captured",
        "give the table a primary key that is not deferrable, of the types smallint, integer,"
            + " bigint, text, varchar, char, uuid, boolean, numeric, date or timestamp");
    checkShardKeys(source);
    each(
        "replica_identity",
        source,
        TableChecks::replicaIdentity,
        "DEFAULT or FULL",
        "ALTER TABLE … REPLICA IDENTITY DEFAULT, or FULL");
    checkAgreement(source);
    each(
        "foreign_keys",
        source,
        this::foreignKeys,
        "valid, and all within the moved tables",
        "move both tables together, or drop the foreign key; ALTER TABLE … VALIDATE CONSTRAINT");
    checkBothWays(source);
    each(
        "subscriptions",
        source,
        (table, problems) ->
            table.subscriptions().stream()
                .map(name -> table.displayName() + " is written by the subscription " + name)
                .forEach(problems::add),
        "no native subscription writes to the tables",
        "drop the subscription: the write fence does not stop it");
    if (!migration.newTargets().isEmpty()) {
      each(
          "definition",
          source,
          TableChecks::definition,
          "all of it can be created on new shards",
          "drop what is named, or create the shard's database and tables beforehand, empty");
    }
  }

  /** Not a condition: an operator shall know how much to believe. */
  private String estimates(String source) {
    Map<String, TableEstimate> estimates = inspection.shard(source).estimates();
    return migration.tables().stream()
        .map(TableSelection::displayName)
        .filter(estimates::containsKey)
        .map(
            name ->
                "%s: %d rows, %d bytes (%s)"
                    .formatted(
                        name,
                        estimates.get(name).rows(),
                        estimates.get(name).bytes(),
                        estimates.get(name).basis()))
        .collect(Collectors.joining("; "));
  }

  /** What holds for sources and targets alike: on the way back each is the other. */
  private void checkBothWays(String shardId) {
    each(
        "triggers",
        shardId,
        TableChecks::triggers,
        "none would fire while rows arrive",
        "drop the rules, or ALTER TABLE … ENABLE TRIGGER, so that they fire for the application"
            + " alone");
    each(
        "partitions",
        shardId,
        TableChecks::partitions,
        "none has what its root does not have",
        "let every partition be an ordinary, logged table in its root's schema, with the replica"
            + " identity of the root and without what is named; or leave the table out with"
            + " 'tables'");
    each(
        "row_security",
        shardId,
        (table, problems) -> {
          if (table.policed()) {
            problems.add("policies hide rows of " + table.displayName() + " from the role");
          }
        },
        "no policy hides rows",
        "ALTER ROLE … BYPASSRLS, or ALTER TABLE … NO FORCE ROW LEVEL SECURITY and use its owner");
    each(
        "exclusion_constraints",
        shardId,
        (table, problems) ->
            table.exclusions().stream()
                .map(name -> table.displayName() + " has the exclusion constraint " + name)
                .forEach(problems::add),
        "no table has one",
        "ALTER TABLE … DROP CONSTRAINT, and add it again after the operation: rows arrive in"
            + " another order than they were written in, and would exclude each other");
  }

  /** One finding over all tables that stand on the shard. */
  private void each(
      String check,
      String shardId,
      BiConsumer<TableFacts, List<String>> test,
      String okDetail,
      String remedy) {
    List<String> problems = new ArrayList<>();
    for (TableRule rule : migration.tables()) {
      TableFacts table = inspection.shard(shardId).table(rule);
      if (table != null) {
        test.accept(table, problems);
      }
    }
    findings.add(check, shardId, problems, okDetail, remedy);
  }

  private static void kind(TableFacts table, List<String> problems) {
    String name = table.displayName();
    switch (table.kind()) {
      case "r", "p" -> {
        if (table.root() != null) {
          problems.add(name + " is a partition of " + table.root() + ", which is partitioned");
        } else if (table.partitionKey() == null && table.inherits()) {
          problems.add(name + " has parents or children");
        }
        if (!table.persistence().equals("p")) {
          problems.add(name + " is unlogged, so its changes cannot be captured");
        }
      }
      default -> problems.add(name + " is not an ordinary table");
    }
  }

  private static void primaryKey(TableFacts table, List<String> problems) {
    String name = table.displayName();
    if (table.primaryKey().isEmpty()) {
      problems.add(name + " has no primary key");
    }
    if (table.primaryKeyDeferrable()) {
      problems.add("the primary key of " + name + " is deferrable");
    }
    for (String key : table.primaryKey()) {
      ColumnFacts column = table.column(key).orElseThrow();
      String label = "the primary key column " + name + "." + key;
      if (!CAPTURABLE.contains(column.type().replaceFirst("\\([^)]*\\)", ""))) {
        problems.add(label + " has the type " + column.type());
      }
      if (!column.deterministic()) {
        problems.add(label + " has a nondeterministic collation");
      }
    }
  }

  private void checkShardKeys(String source) {
    List<String> problems = new ArrayList<>();
    for (TableRule rule : migration.rules()) {
      TableFacts table = inspection.shard(source).table(rule);
      String problem = table == null ? null : shardKeys.problem(rule, table);
      if (problem != null) {
        problems.add(problem);
      }
    }
    findings.add(
        "shard_key",
        source,
        problems,
        "not null, and of types that can be routed",
        "let the shard key be a NOT NULL column of a type that the routing function takes; all of"
            + " them take smallint, integer and bigint");
  }

  private static void replicaIdentity(TableFacts table, List<String> problems) {
    if (table.replicaIdentity().equals("n")) {
      problems.add(table.displayName() + " has the replica identity NOTHING");
    } else if (table.replicaIdentity().equals("i")) {
      problems.add(table.displayName() + " has the replica identity USING INDEX");
    }
  }

  private void foreignKeys(TableFacts table, List<String> problems) {
    for (ForeignKeyFacts key : table.foreignKeys()) {
      if (!key.valid()) {
        problems.add(
            "the foreign key "
                + key.definition().name()
                + " of "
                + table.displayName()
                + " has not been validated");
      }
      if (!moved.contains(key.otherTable())) {
        problems.add(
            table.displayName()
                + " references "
                + key.otherTable()
                + " ("
                + key.definition().name()
                + "), which is not moved");
      }
    }
    for (ForeignKeyFacts key : table.referencedBy()) {
      if (!moved.contains(key.otherTable())) {
        problems.add(
            table.displayName()
                + " is referenced by "
                + key.otherTable()
                + " ("
                + key.definition().name()
                + "), which is not moved");
      }
    }
  }

  private static void triggers(TableFacts table, List<String> problems) {
    table.firingTriggers().stream()
        .map(name -> table.displayName() + " has the trigger " + name + " ENABLE ALWAYS or REPLICA")
        .forEach(problems::add);
    table.rewritten().stream()
        .filter(name -> name.startsWith("rule "))
        .map(name -> table.displayName() + " has the " + name)
        .forEach(problems::add);
  }

  private static void partitions(TableFacts table, List<String> problems) {
    for (PartitionFacts partition : table.partitions()) {
      partition.obstacles().stream()
          .map(
              obstacle ->
                  partition.displayName()
                      + ", a partition of "
                      + table.displayName()
                      + ", "
                      + obstacle)
          .forEach(problems::add);
    }
  }

  private static void definition(TableFacts table, List<String> problems) {
    table.objects().unsupported().stream()
        .map(name -> table.displayName() + " uses " + name)
        .forEach(problems::add);
    table.rewritten().stream()
        .filter(name -> name.startsWith("row security"))
        .map(name -> table.displayName() + " has the " + name)
        .forEach(problems::add);
  }

  private void checkAgreement(String shardId) {
    List<String> problems = new ArrayList<>();
    for (TableRule rule : inspection.found()) {
      TableFacts table = inspection.shard(shardId).table(rule);
      TableFacts reference = inspection.reference(rule);
      if (table != null) {
        problems.addAll(new TableAgreement(reference, table).differences());
      }
    }
    findings.add(
        "columns_equal",
        shardId,
        problems,
        "all tables have the columns of " + migration.sources().get(0),
        "alter the table so that its columns, its primary key and its partitions are the same on"
            + " every shard");
  }
}
