package io.reshard.verifier;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import io.reshard.core.plan.SplitSql;
import io.reshard.core.postgres.Sql;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The SQL that reads the rows that a step moves: those that its source owns under the old topology
 * and its target under the new. The same text serves both sides, so a row of a third shard, or of
 * the target's own, is counted on neither.
 */
final class StepSql {
  private static final String ALIAS = "t";

  private final Plan plan;
  private final PlannedTable table;
  private final String source;
  private final String rowHash;

  StepSql(Plan plan, VerificationMode mode, int table, String source) {
    this.plan = plan;
    this.table = plan.tables().get(table);
    this.source = source;
    // Rows that are only counted are equal if their keys are.
    this.rowHash = mode.checksums() ? RowHash.ofRow(this.table, ALIAS) : "0::bigint";
  }

  /**
   * A row per target in {@code targets}: the bound text, the step's name, the count and the
   * checksum of the split's rows that it moves, all from one scan.
   */
  String aggregates(Split split, List<String> targets) {
    return table.isReference()
        ? referenceAggregates(split, targets)
        : shardedAggregates(split, targets);
  }

  /** Every row counts for every target that receives the table. */
  private String referenceAggregates(Split split, List<String> targets) {
    String received =
        targets.stream()
            .map(target -> "(" + stepName(target) + ", " + movesTo(target) + ")")
            .collect(Collectors.joining(", "));
    return "SELECT ?::text, wanted.step, CASE WHEN wanted.received THEN counted.count ELSE 0 END,"
        + " CASE WHEN wanted.received THEN counted.checksum ELSE 0 END::text\nFROM (VALUES "
        + received
        + ") wanted(step, received) CROSS JOIN (SELECT count(*) AS count, coalesce(sum("
        + rowHash
        + "), 0) AS checksum\nFROM "
        + table.quotedName()
        + " t WHERE "
        + SplitSql.predicate(table, split, ALIAS)
        + "\nAND "
        + ownedBySource()
        + ") counted";
  }

  private String shardedAggregates(Split split, List<String> targets) {
    String moving = targets.stream().map(this::movesTo).collect(Collectors.joining(" OR "));
    String step =
        targets.stream()
            .map(target -> " WHEN " + movesTo(target) + " THEN " + stepName(target))
            .collect(Collectors.joining("", "CASE", " END"));
    String wanted = targets.stream().map(this::stepName).collect(Collectors.joining(", "));
    return "SELECT ?::text, wanted.step, coalesce(moved.count, 0), coalesce(moved.checksum, 0)::text"
        + "\nFROM unnest(ARRAY["
        + wanted
        + "]) wanted(step) LEFT JOIN (SELECT "
        + step
        + " AS step, count(*) AS count, sum("
        + rowHash
        + ") AS checksum\nFROM "
        + table.quotedName()
        + " t WHERE "
        + SplitSql.predicate(table, split, ALIAS)
        + "\nAND "
        + ownedBySource()
        + " AND ("
        + moving
        + ")\nGROUP BY 1) moved ON moved.step = wanted.step";
  }

  /**
   * The keys and hashes of the split's rows that move to {@code target}, all of them or, if there
   * is more than one bucket, those in one bucket.
   */
  String rows(Split split, String target, int bucket, int buckets) {
    String inBucket = buckets == 1 ? "" : " AND " + bucketOf(buckets) + " = " + bucket;
    return "SELECT "
        + keyTexts()
        + ", "
        + rowHash
        + " FROM "
        + table.quotedName()
        + " t WHERE "
        + SplitSql.predicate(table, split, ALIAS)
        + " AND "
        + ownedBySource()
        + " AND "
        + movesTo(target)
        + inBucket;
  }

  /** Count and checksum per bucket of the split's rows that move to {@code target}. */
  String buckets(Split split, String target, int buckets) {
    return "SELECT "
        + bucketOf(buckets)
        + ", count(*), sum("
        + rowHash
        + ")::text FROM "
        + table.quotedName()
        + " t WHERE "
        + SplitSql.predicate(table, split, ALIAS)
        + " AND "
        + ownedBySource()
        + " AND "
        + movesTo(target)
        + " GROUP BY 1";
  }

  /**
   * The rows of given keys that move to {@code target}: position of the key, key, hash, and the
   * transaction that wrote the row. Takes a text array per column of the key.
   */
  String rowsByKey(String target) {
    return "SELECT wanted.position, "
        + keyTexts()
        + ", "
        + rowHash
        + ", t.xmin::text FROM "
        + wantedRows()
        + " WHERE "
        + ownedBySource()
        + " AND "
        + movesTo(target);
  }

  /** Locks the rows of given keys, shared. Takes a text array per column of the key. */
  String lockByKey() {
    return "SELECT 1 FROM " + wantedRows() + " FOR SHARE OF t";
  }

  private String wantedRows() {
    List<String> key = table.primaryKey();
    String arrays =
        key.stream()
            .map(column -> "?::text[]::" + table.typeOf(column) + "[]")
            .collect(Collectors.joining(", "));
    String names =
        IntStream.range(0, key.size()).mapToObj(i -> "k" + i).collect(Collectors.joining(", "));
    String same =
        IntStream.range(0, key.size())
            .mapToObj(i -> "t." + Sql.identifier(key.get(i)) + " = wanted.k" + i)
            .collect(Collectors.joining(" AND "));
    return "unnest("
        + arrays
        + ") WITH ORDINALITY wanted("
        + names
        + ", position) JOIN "
        + table.quotedName()
        + " t ON "
        + same;
  }

  int keyColumns() {
    return table.primaryKey().size();
  }

  String tableName() {
    return table.displayName();
  }

  private String stepName(String target) {
    return Sql.literal(source + "->" + target) + "::text";
  }

  private String keyTexts() {
    return table.primaryKey().stream()
        .map(column -> "t." + Sql.identifier(column) + "::text")
        .collect(Collectors.joining(", "));
  }

  private String bucketOf(int buckets) {
    return "mod(" + RowHash.ofKey(table, ALIAS) + " & 9223372036854775807, " + buckets + ")";
  }

  private String ownedBySource() {
    return plan.oldRouting(table, ALIAS).ownedBy(source);
  }

  private String movesTo(String target) {
    return plan.newRouting(table, ALIAS).ownedBy(target);
  }
}
