package io.reshard.job.apply;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import io.reshard.job.Migration;
import io.reshard.job.target.TargetSession;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Merges a block into a target where other rows stand in its way: rows with the same value in a
 * unique index, or with the same key but from another source. Such a row is read again from the
 * shard that owns it under the old topology. If it is in the way no more, what the target holds is
 * stale: it is evicted, and its key noted. Otherwise the two rows collide.
 */
final class EvictingMerge {
  private static final String STAGED = "pg_temp.reshard_staged";
  private static final String FRESH = "pg_temp.reshard_fresh";

  private final Migration migration;
  private final Merge merge;
  private final RefetchNotes notes;
  private final RowSource sources;

  EvictingMerge(Migration migration, Merge merge, RefetchNotes notes, RowSource sources) {
    this.migration = migration;
    this.merge = merge;
    this.notes = notes;
    this.sources = sources;
  }

  /**
   * Runs inside the session's open transaction, and returns what was evicted in it. {@code
   * key_collision} if both rows stand on their sources: of a block that was read some time ago this
   * is certain only if it comes again with a block that is read anew.
   */
  List<EvictedKey> apply(TargetSession session, ChangeBlock block) throws SQLException {
    merge.deleteKeys(session, block);
    List<EvictedKey> evicted = block.rows == 0 ? List.of() : insert(session, block);
    merge.check(session, block);
    return evicted;
  }

  private List<EvictedKey> insert(TargetSession session, ChangeBlock block) throws SQLException {
    PlannedTable table = migration.table(block.table);
    stage(session, block, STAGED);
    List<UniqueIndex> indexes = UniqueIndex.of(session.connection(), table);
    Map<Integer, Set<List<String>>> inTheWay = new TreeMap<>();
    for (Clash clash : clashes(session, table, indexes, table.quotedName())) {
      if (clash.owner() == block.target) {
        throw collision(block, clash);
      }
      inTheWay.computeIfAbsent(clash.owner(), owner -> new LinkedHashSet<>()).add(clash.other());
    }
    List<EvictedKey> evicted = new ArrayList<>();
    for (Map.Entry<Integer, Set<List<String>>> owned : inTheWay.entrySet()) {
      requireStale(session, block, indexes, owned.getKey(), owned.getValue());
      evicted.addAll(evict(session, block.table, block.target, owned.getKey(), owned.getValue()));
    }
    unstage(session, table);
    return evicted;
  }

  private void stage(TargetSession session, ChangeBlock block, String relation)
      throws SQLException {
    try (Statement statement = session.connection().createStatement()) {
      statement.execute("DROP TABLE IF EXISTS " + relation);
      statement.execute(
          "CREATE TEMP TABLE %s (LIKE %s INCLUDING GENERATED) ON COMMIT DROP"
              .formatted(relation, migration.table(block.table).quotedName()));
    }
    merge.insert(session, block, relation);
  }

  private void unstage(TargetSession session, PlannedTable table) throws SQLException {
    String columns = Sql.identifiers(table.copiedColumns());
    try (Statement statement = session.connection().createStatement()) {
      statement.execute(
          "INSERT INTO %1$s (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM %3$s"
              .formatted(table.quotedName(), columns, STAGED));
    }
  }

  private List<Clash> clashes(
      TargetSession session, PlannedTable table, List<UniqueIndex> indexes, String other)
      throws SQLException {
    List<Clash> clashes = new ArrayList<>();
    for (UniqueIndex index : indexes) {
      clashes.addAll(
          Clash.find(session.connection(), migration.plan(), table, index, STAGED, other));
    }
    return clashes;
  }

  private void requireStale(
      TargetSession session,
      ChangeBlock block,
      List<UniqueIndex> indexes,
      int owner,
      Set<List<String>> keys)
      throws SQLException {
    ChangeBlock fresh = sources.read(block.table, owner, block.target, keys);
    if (fresh.rows == 0) {
      return;
    }
    stage(session, fresh, FRESH);
    for (Clash clash : clashes(session, migration.table(block.table), indexes, FRESH)) {
      throw collision(block, clash);
    }
  }

  /**
   * The row goes first and its note comes second: (1) we find the note of an earlier eviction and
   * leave it; (2) whoever settles that one writes the row and deletes the note; (3) we delete the
   * row: nobody would fetch it again.
   */
  private List<EvictedKey> evict(
      TargetSession session, int table, int target, int owner, Set<List<String>> keys)
      throws SQLException {
    KeyBatch batch = new KeyBatch(owner, table);
    keys.forEach(batch::add);
    merge.deleteRows(session, table, owner, batch.columns());
    List<EvictedKey> evicted = new ArrayList<>();
    for (List<String> key : keys) {
      EvictedKey one = new EvictedKey(table, owner, target, key);
      notes.add(session, one);
      evicted.add(one);
    }
    return evicted;
  }

  /** Evicts all rows of which {@code index}, which does not stand yet, would allow one only. */
  List<EvictedKey> makeRoom(TargetSession session, int table, UniqueIndex index)
      throws SQLException {
    int target = migration.plan().shardOrdinal(session.target());
    try (Statement statement = session.connection().createStatement()) {
      // Another index of the table may be under construction, for as long as that takes.
      statement.execute("SET LOCAL lock_timeout = 0");
    }
    Map<Integer, Set<List<String>>> duplicates =
        Clash.duplicates(session.connection(), migration.plan(), migration.table(table), index);
    List<EvictedKey> evicted = new ArrayList<>();
    for (Map.Entry<Integer, Set<List<String>>> owned : duplicates.entrySet()) {
      evicted.addAll(evict(session, table, target, owned.getKey(), owned.getValue()));
    }
    return evicted;
  }

  private ReshardingException collision(ChangeBlock block, Clash clash) {
    List<String> shards = migration.plan().shardIds();
    PlannedTable table = migration.table(block.table);
    return new ReshardingException(
        ErrorCode.KEY_COLLISION,
        "two rows of %s cannot both stand on %s, for its unique index %s: %s on %s and %s on %s. Change or delete one of them and resume"
            .formatted(
                table.displayName(),
                shards.get(block.target),
                clash.index().name(),
                row(table, clash.staged()),
                shards.get(block.source),
                row(table, clash.other()),
                shards.get(clash.owner())));
  }

  private static String row(PlannedTable table, List<String> key) {
    return "("
        + String.join(", ", table.primaryKey())
        + ") = ("
        + key.stream().collect(Collectors.joining(", "))
        + ")";
  }
}
