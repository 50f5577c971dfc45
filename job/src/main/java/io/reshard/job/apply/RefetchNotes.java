package io.reshard.job.apply;

import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.RefetchRequests;
import io.reshard.job.Migration;
import io.reshard.job.target.TargetSession;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The table {@code reshard.refetch} of a target: a note for every evicted key that is to be fetched
 * again. A note is made in the transaction of the eviction, so a crash forgets neither or both.
 * Others may ask for keys in the same way: {@link RefetchRequests}.
 */
final class RefetchNotes {
  private static final String IDENTITY =
      " operation_id = ? AND table_number = ? AND source = ? AND key = ?";

  private final Migration migration;

  RefetchNotes(Migration migration) {
    this.migration = migration;
  }

  void add(TargetSession session, EvictedKey evicted) throws SQLException {
    RefetchRequests.add(
        session.connection(),
        migration.operationId(),
        evicted.table(),
        evicted.source(),
        evicted.key());
  }

  /** Locks the note until the transaction's end; false if somebody has settled it. */
  boolean lock(TargetSession session, EvictedKey evicted) throws SQLException {
    try (PreparedStatement query =
        session
            .connection()
            .prepareStatement("SELECT FROM reshard.refetch WHERE" + IDENTITY + " FOR UPDATE")) {
      bind(session, query, evicted);
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }

  private void bind(TargetSession session, PreparedStatement statement, EvictedKey evicted)
      throws SQLException {
    statement.setString(1, migration.operationId());
    statement.setInt(2, evicted.table());
    statement.setInt(3, evicted.source());
    statement.setArray(4, session.connection().createArrayOf("text", evicted.key().toArray()));
  }

  /** All notes on the session's target, whoever made them. */
  List<EvictedKey> all(TargetSession session) throws SQLException {
    try (PreparedStatement query =
        session
            .connection()
            .prepareStatement(
                "SELECT table_number, source, key FROM reshard.refetch WHERE operation_id = ?")) {
      query.setString(1, migration.operationId());
      int target = migration.plan().shardOrdinal(session.target());
      List<EvictedKey> notes = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          List<String> key = List.of((String[]) row.getArray(3).getArray());
          notes.add(new EvictedKey(row.getInt(1), row.getInt(2), target, key));
        }
      }
      return notes;
    }
  }

  /** Deletes the notes of the block's keys: the block brings what they ask for. */
  void forget(TargetSession session, ChangeBlock block) throws SQLException {
    if (!session.hasEvictedKeys()) {
      return;
    }
    try (PreparedStatement delete =
        session.connection().prepareStatement(forgetStatement(block.table))) {
      int column = 0;
      while (column < block.keys.length) {
        delete.setString(column + 1, TextArray.of(block.keys[column]));
        column++;
      }
      delete.setString(column + 1, migration.operationId());
      delete.setInt(column + 2, block.table);
      delete.setInt(column + 3, block.source);
      delete.executeUpdate();
    }
  }

  /** Equal keys may differ in text, and the keys of other tables may be of other types. */
  private String forgetStatement(int number) {
    PlannedTable table = migration.table(number);
    String equal =
        IntStream.range(0, table.primaryKey().size())
            .mapToObj(
                column ->
                    "n.key[%d]::%s = k.c%d"
                        .formatted(column + 1, table.primaryKeyTypes().get(column), column))
            .collect(Collectors.joining(" AND "));
    return "DELETE FROM reshard.refetch AS n USING "
        + KeyJoin.unnest(KeyJoin.parameters(table), table.primaryKey().size())
        + " WHERE n.operation_id = ? AND n.table_number = ? AND n.source = ?"
        + " AND CASE WHEN n.table_number = "
        + number
        + " THEN "
        + equal
        + " END";
  }
}
