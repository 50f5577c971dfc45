package io.reshard.verifier;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.Mismatch;
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

  private String stray(String shard, Mismatch.Kind kind) {
    TableRouting after = plan.newRouting(table, ALIAS);
    String nobody = after.owner(plan::shardOrdinal) + " = " + RoutingSql.NOBODY;
    return after.strayOn(shard)
        + " AND "
        + (kind == Mismatch.Kind.UNOWNED
            ? nobody
            : plan.oldRouting(table, ALIAS).strayOn(shard) + " AND NOT " + nobody);
  }

  /**
   * How many rows of {@code range} on {@code shard} do not belong there, for one reason, and the
   * keys of some: the number in front of each key, no row if there is none.
   */
  String strays(Split range, String shard, Mismatch.Kind kind, int limit) {
    return "SELECT count(*) OVER (), "
        + keyTexts()
        + " FROM "
        + table.quotedName()
        + " t WHERE "
        + SplitSql.predicate(table, range, ALIAS)
        + " AND "
        + stray(shard, kind)
        + " LIMIT "
        + Math.max(1, limit);
  }

  /** A row per split, with its position: count and checksum of the rows that move. */
  String perSplit(List<Split> splits, String target) {
    return IntStream.range(0, splits.size())
        .mapToObj(
            position ->
                "SELECT "
                    + position
                    + ", count(*), coalesce(sum("
                    + rowHash
                    + "), 0)::text FROM "
                    + table.quotedName()
                    + " t WHERE "
                    + SplitSql.predicate(table, splits.get(position), ALIAS)
                    + " AND "
                    + ownedBySource()
                    + " AND "
                    + movesTo(target))
        .collect(Collectors.joining("\nUNION ALL "));
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

  /** What so many rows have, by the plan's statistics. */
  long bytesOf(long rows) {
    return table.bytesOf(rows);
  }

  String tableName() {
    return table.displayName();
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
