package io.reshard.job.apply;

import io.reshard.core.plan.PlannedTable;
import io.reshard.job.Migration;
import io.reshard.job.target.CopyStream;
import io.reshard.job.target.TargetSession;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * Makes a target equal to what was read: all keys of a block are deleted, then its rows are
 * inserted. Deleting first also lets keys of one block swap a unique value.
 */
final class Merge {
  private final Migration migration;
  private final RefetchNotes notes;
  private final WriteCheck check;

  Merge(Migration migration, RefetchNotes notes, WriteCheck check) {
    this.migration = migration;
    this.notes = notes;
    this.check = check;
  }

  /** Runs inside the session's open transaction. */
  void apply(TargetSession session, ChangeBlock block) throws SQLException {
    deleteKeys(session, block);
    insert(session, block, migration.table(block.table).quotedName());
    check(session, block);
  }

  /** Compares what the target holds now with what was read. */
  void check(TargetSession session, ChangeBlock block) throws SQLException {
    check.check(session, block);
  }

  /**
   * Deletes what the target holds of the block's keys, and their notes. The notes come first: a
   * writer that settles one of them holds its lock until its row is committed, and the deletion of
   * rows must see that row.
   */
  void deleteKeys(TargetSession session, ChangeBlock block) throws SQLException {
    notes.forget(session, block);
    deleteRows(session, block.table, block.source, block.keys);
  }

  /** Writes the block's rows into {@code relation}: the table itself, or one like it. */
  void insert(TargetSession session, ChangeBlock block, String relation) throws SQLException {
    PlannedTable table = migration.table(block.table);
    if (block.rows > 0) {
      CopyStream stream = new CopyStream(session, table, relation);
      stream.write(block.tuples);
      long written = stream.end();
      if (written != block.rows) {
        throw new IllegalStateException(
            "%d rows of %s were read, but %s took %d"
                .formatted(block.rows, table.displayName(), session.target(), written));
      }
    }
  }

  /**
   * No write touches a row that its target owns under the old topology, nor one that came from
   * another source: ids may repeat across shards. So only rows that {@code source} owned are
   * deleted.
   */
  void deleteRows(TargetSession session, int table, int source, String[][] keys)
      throws SQLException {
    String sql =
        statement(
            migration.table(table), migration.plan().shardIds().get(source), session.target());
    try (PreparedStatement delete = session.connection().prepareStatement(sql)) {
      for (int column = 0; column < keys.length; column++) {
        delete.setString(column + 1, TextArray.of(keys[column]));
      }
      delete.executeUpdate();
    }
  }

  private String statement(PlannedTable table, String source, String target) {
    return "DELETE FROM "
        + table.quotedName()
        + " AS t USING "
        + KeyJoin.unnest(KeyJoin.parameters(table), table.primaryKey().size())
        + " WHERE "
        + KeyJoin.condition(table)
        + " AND "
        + migration.plan().movedIn(table, "t", source, target);
  }
}
