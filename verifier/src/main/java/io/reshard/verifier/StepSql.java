package io.reshard.verifier;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import io.reshard.core.plan.SplitSql;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.RoutingSql;
import io.reshard.core.routing.TableRouting;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
   * checksum of the split's rows that it moves, all from one scan. Where {@code straysOn} names the
   * shard that is read, its strays are counted in the same scan and come first, if there are any.
   */
  String aggregates(Split split, List<String> targets, Optional<String> straysOn) {
    return table.isReference()
        ? referenceAggregates(split, targets)
        : shardedAggregates(split, targets, straysOn);
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

  /**
   * Each row is routed once: OFFSET 0 keeps the inner query from being merged into the outer. What
   * it belongs to is a number there, which is cheaper to group by than a name.
   */
  private String shardedAggregates(Split split, List<String> targets, Optional<String> straysOn) {
    List<String> subjects = new ArrayList<>(targets.stream().map(this::stepName).toList());
    StringBuilder moved = new StringBuilder("CASE WHEN " + ownedBySource() + " THEN CASE");
    for (int number = 1; number <= targets.size(); number++) {
      moved.append(" WHEN " + movesTo(targets.get(number - 1)) + " THEN " + number);
    }
    moved.append(" END END");
    StringBuilder strays = new StringBuilder();
    for (Mismatch.Kind kind : List.of(Mismatch.Kind.UNOWNED, Mismatch.Kind.STRAY)) {
      straysOn.ifPresent(
          shard -> {
            subjects.add(straySubject(shard, kind));
            strays.append(
                ", CASE WHEN " + stray(shard, kind) + " THEN " + subjects.size() + " END");
          });
    }
    return "WITH found AS (SELECT t.reshard_subject AS number, count(*) AS count, sum("
        + rowHash
        + ") AS checksum\nFROM (SELECT t.*, coalesce("
        + moved
        + strays
        + ") AS reshard_subject\nFROM "
        + table.quotedName()
        + " t WHERE "
        + SplitSql.predicate(table, split, ALIAS)
        + "\nOFFSET 0) t WHERE t.reshard_subject IS NOT NULL GROUP BY 1)"
        + "\nSELECT ?::text, subject, coalesce(count, 0), coalesce(checksum, 0)::text"
        + " FROM unnest(ARRAY["
        + String.join(", ", subjects)
        + "]) WITH ORDINALITY wanted(subject, number) LEFT JOIN found USING (number)"
        + "\nWHERE number <= "
        + targets.size()
        + " OR count > 0 ORDER BY number DESC";
  }

  private static String straySubject(String shard, Mismatch.Kind kind) {
    return Sql.literal(new VerificationReport.StrayTotal(shard, kind, 0).subject()) + "::text";
  }

  private String stray(String shard, Mismatch.Kind kind) {
    TableRouting after = plan.newRouting(table, ALIAS);
    String nobody = after.owner(plan::shardOrdinal) + " = " + RoutingSql.NOBODY;
    return after.strayOn(shard)
        + " AND "
        + (kind == Mismatch.Kind.UNOWNED
            ? nobody
            : plan.oldRouting(table, ALIAS).strayOn(shard) + " AND NOT " + nobody);
  }

  /** The keys of some of the split's rows on {@code shard} that do not belong there. */
  String strays(Split split, String shard, Mismatch.Kind kind, int limit) {
    return "SELECT "
        + keyTexts()
        + " FROM "
        + table.quotedName()
        + " t WHERE "
        + SplitSql.predicate(table, split, ALIAS)
        + " AND "
        + stray(shard, kind)
        + " LIMIT "
        + limit;
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

  /** The key whose columns begin at {@code from}. */
  List<String> key(ResultSet row, int from) throws SQLException {
    List<String> key = new ArrayList<>(keyColumns());
    for (int column = 0; column < keyColumns(); column++) {
      key.add(row.getString(from + column));
    }
    return key;
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
