package io.reshard.planner;

import io.reshard.core.plan.Column;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.core.topology.TableRule;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Writes the DDL of new shards from what a source's catalog says. No I/O. */
final class TableDdl {
  private TableDdl() {}

  /** What a new shard needs before its tables: in an order that works, and safe to repeat. */
  static List<String> schema(Collection<TableFacts> tables) {
    Set<String> statements = new LinkedHashSet<>();
    // A function's body may speak of tables that do not stand yet.
    statements.add("SET LOCAL check_function_bodies = off");
    for (TableFacts table : tables) {
      table
          .objects()
          .schemas()
          .forEach(name -> statements.add("CREATE SCHEMA IF NOT EXISTS " + Sql.identifier(name)));
    }
    for (TableFacts table : tables) {
      table
          .objects()
          .extensions()
          .forEach(
              name -> statements.add("CREATE EXTENSION IF NOT EXISTS " + Sql.identifier(name)));
    }
    tables.forEach(table -> statements.addAll(table.objects().statements()));
    for (TableFacts table : tables) {
      table.sequences().stream()
          .filter(sequence -> !sequence.identity())
          .forEach(sequence -> statements.add(sequence.createStatement()));
    }
    return List.copyOf(statements);
  }

  /** With the DDL of the whole table, or of what a dump leaves out. */
  static PlannedTable planned(
      TableFacts facts, TableRule rule, TableEstimate estimate, boolean dumped) {
    boolean binary =
        facts.columns().stream()
            .filter(column -> !column.isGenerated())
            .noneMatch(column -> facts.objects().unsafeTypes().contains(column.typeOid()));
    List<Column> columns = facts.columns().stream().map(ColumnFacts::planned).toList();
    return new PlannedTable(
        facts.schema(),
        facts.name(),
        columns,
        facts.primaryKey(),
        rule.shardKey(),
        binary,
        dumped ? facts.followUps() : createStatements(facts),
        facts.primaryKeyIndex(),
        facts.indexes(),
        facts.foreignKeys().stream().map(ForeignKeyFacts::definition).toList(),
        estimate.rows(),
        estimate.bytes());
  }

  private static List<String> createStatements(TableFacts facts) {
    List<String> statements = new ArrayList<>();
    statements.add(createTable(facts));
    facts.partitions().forEach(partition -> statements.addAll(partition.creation()));
    String alter = "ALTER TABLE " + facts.quotedName() + " ALTER COLUMN ";
    for (ColumnFacts column : facts.columns()) {
      column
          .settings()
          .forEach(
              setting -> statements.add(alter + Sql.identifier(column.name()) + " " + setting));
    }
    facts.sequences().stream()
        .filter(sequence -> sequence.ownerColumn() != null && !sequence.identity())
        .map(
            sequence ->
                "ALTER SEQUENCE "
                    + sequence.quotedName()
                    + " OWNED BY "
                    + facts.quotedName()
                    + "."
                    + Sql.identifier(sequence.ownerColumn()))
        .forEach(statements::add);
    statements.addAll(facts.followUps());
    return statements;
  }

  private static String createTable(TableFacts facts) {
    List<String> lines =
        Stream.concat(
                facts.columns().stream().map(ColumnFacts::definition), facts.checks().stream())
            .toList();
    String key = facts.partitionKey() == null ? "" : " PARTITION BY " + facts.partitionKey();
    String options = facts.options() == null ? "" : " WITH (" + facts.options() + ")";
    return "CREATE TABLE "
        + facts.quotedName()
        + " (\n  "
        + String.join(",\n  ", lines)
        + "\n)"
        + key
        + options;
  }
}
