package io.reshard.planner;

import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.postgres.Sql;
import java.util.List;
import java.util.Optional;

/**
 * A table as the catalog of one shard has it.
 *
 * @param kind ordinary, partitioned, view or foreign: the letter of {@code pg_class.relkind}
 * @param persistence the letter of {@code pg_class.relpersistence}
 * @param replicaIdentity the letter of {@code pg_class.relreplident}
 * @param inherits whether it is a partition, or has parents or children
 * @param root the partitioned table that it is a part of; or null
 * @param partitionKey as PARTITION BY takes it; null if the table is not partitioned
 * @param partitions at all depths, parents first
 * @param owned whether the session's role may alter it and its partitions
 * @param readable whether the session's role may read all of its rows
 * @param policed whether row-level security applies to the session's role
 * @param options storage options, joined as WITH takes them; or null
 * @param primaryKey columns in the order of its index; empty if there is none
 * @param primaryKeyIndex null if there is none
 * @param primaryKeyDeferrable whether the primary key is checked late
 * @param checks check constraints as CREATE TABLE takes them
 * @param exclusions names of exclusion constraints
 * @param uniqueKeys the primary key and all unique indexes
 * @param referencedBy foreign keys of other tables that point here
 * @param rewritten names of rules and row security policies
 * @param firingTriggers triggers that fire even while rows are replicated
 * @param subscriptions native subscriptions that write to it
 * @param followUps DDL after CREATE TABLE: triggers, statistics objects, ownership of sequences
 */
record TableFacts(
    String schema,
    String name,
    long oid,
    String kind,
    String persistence,
    String replicaIdentity,
    boolean inherits,
    String root,
    String partitionKey,
    List<PartitionFacts> partitions,
    boolean owned,
    boolean readable,
    boolean policed,
    String options,
    List<ColumnFacts> columns,
    List<String> primaryKey,
    IndexDefinition primaryKeyIndex,
    boolean primaryKeyDeferrable,
    List<String> checks,
    List<String> exclusions,
    List<UniqueKeyFacts> uniqueKeys,
    List<IndexDefinition> indexes,
    List<ForeignKeyFacts> foreignKeys,
    List<ForeignKeyFacts> referencedBy,
    List<String> rewritten,
    List<String> firingTriggers,
    List<String> subscriptions,
    List<SequenceFacts> sequences,
    List<String> followUps,
    SchemaObjects objects) {

  String displayName() {
    return schema + "." + name;
  }

  String quotedName() {
    return Sql.qualified(schema, name);
  }

  /** The table as FROM takes it: with its partitions, without tables that inherit from it. */
  String scanned() {
    return (partitionKey == null ? "ONLY " : "") + quotedName();
  }

  Optional<ColumnFacts> column(String columnName) {
    return columns.stream().filter(column -> column.name().equals(columnName)).findFirst();
  }
}
