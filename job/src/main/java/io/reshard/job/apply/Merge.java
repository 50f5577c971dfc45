package io.reshard.job.apply;

import io.reshard.core.plan.PlannedTable;
import io.reshard.job.Migration;
import io.reshard.job.target.CopyStream;
import io.reshard.job.target.TargetSession;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Makes a target equal to what was read: all keys of a block are deleted, then its rows are
 * inserted. Deleting first also lets keys of one block swap a unique value.
 */
final class Merge {
  private final Migration migration;

  Merge(Migration migration) {
    this.migration = migration;
  }

  /** Runs inside the session's open transaction. */
  void apply(TargetSession session, ChangeBlock block) throws SQLException {
    PlannedTable table = migration.table(block.table);
    delete(session, table, block);
    if (block.rows > 0) {
      CopyStream stream = new CopyStream(session, table);
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
   * another source: ids may repeat across shards. So only rows that the block's source owned are
   * deleted.
   */
  private void delete(TargetSession session, PlannedTable table, ChangeBlock block)
      throws SQLException {
    String source = migration.plan().shardIds().get(block.source);
    try (PreparedStatement delete =
        session.connection().prepareStatement(statement(table, source, session.target()))) {
      for (int column = 0; column < block.keys.length; column++) {
        delete.setString(column + 1, TextArray.of(block.keys[column]));
      }
      delete.executeUpdate();
    }
  }

  private String statement(PlannedTable table, String source, String target) {
    String arrays =
        IntStream.range(0, table.primaryKey().size())
            .mapToObj(column -> "?::text::" + table.primaryKeyTypes().get(column) + "[]")
            .collect(Collectors.joining(", "));
    return "DELETE FROM "
        + table.quotedName()
        + " AS t USING "
        + KeyJoin.unnest(arrays, table.primaryKey().size())
        + " WHERE "
        + KeyJoin.condition(table)
        + " AND "
        + migration.plan().movedIn(table, "t", source, target);
  }
}
