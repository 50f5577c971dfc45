package io.reshard.job.apply;

import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.RefetchRequests;
import io.reshard.job.Migration;
import io.reshard.job.target.TargetSession;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
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

  /** Notes on one target for rows of one table and source, as ordinals in the plan. */
  record Group(int table, int source) {}

  /** What the session's target has notes of, whoever made them. */
  List<Group> groups(TargetSession session) throws SQLException {
    try (PreparedStatement query =
        session
            .connection()
            .prepareStatement(
                "SELECT DISTINCT table_number, source FROM reshard.refetch"
                    + " WHERE operation_id = ? ORDER BY 1, 2")) {
      query.setString(1, migration.operationId());
      List<Group> groups = new ArrayList<>();
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          groups.add(new Group(row.getInt(1), row.getInt(2)));
        }
      }
      return groups;
    }
  }

  /** The first notes of {@code group} on the session's target. */
  List<EvictedKey> some(TargetSession session, Group group, int limit) throws SQLException {
    try (PreparedStatement query =
        session
            .connection()
            .prepareStatement(
                "SELECT key FROM reshard.refetch WHERE operation_id = ? AND table_number = ?"
                    + " AND source = ? ORDER BY key LIMIT ?")) {
      bind(query, group);
      query.setInt(4, limit);
      int target = migration.plan().shardOrdinal(session.target());
      return keys(query).stream()
          .map(key -> new EvictedKey(group.table(), group.source(), target, key))
          .toList();
    }
  }

  /** Locks these notes until the transaction's end, and returns the keys of those that stand. */
  List<List<String>> lock(TargetSession session, Group group, List<EvictedKey> some)
      throws SQLException {
    String[] literals =
        some.stream()
            .map(note -> TextArray.of(note.key().toArray(String[]::new)))
            .toArray(String[]::new);
    try (PreparedStatement query =
        session
            .connection()
            .prepareStatement(
                "SELECT n.key FROM unnest(?::text::text[]) AS wanted (literal)"
                    + " JOIN reshard.refetch AS n ON n.key = wanted.literal::text[]"
                    + " WHERE n.operation_id = ? AND n.table_number = ? AND n.source = ?"
                    + " FOR UPDATE OF n")) {
      query.setString(1, TextArray.of(literals));
      query.setString(2, migration.operationId());
      query.setInt(3, group.table());
      query.setInt(4, group.source());
      return keys(query);
    }
  }

  private void bind(PreparedStatement statement, Group group) throws SQLException {
    statement.setString(1, migration.operationId());
    statement.setInt(2, group.table());
    statement.setInt(3, group.source());
  }

  private static List<List<String>> keys(PreparedStatement query) throws SQLException {
    List<List<String>> keys = new ArrayList<>();
    try (ResultSet row = query.executeQuery()) {
      while (row.next()) {
        keys.add(List.of((String[]) row.getArray(1).getArray()));
      }
    }
    return keys;
  }

  /** Deletes the notes of the block's keys: the block brings what they ask for. */
  void forget(TargetSession session, ChangeBlock block) throws SQLException {
    if (!session.hasEvictedKeys()) {
      return;
    }
    try (Statement settings = session.connection().createStatement();
        PreparedStatement delete =
            session.connection().prepareStatement(forgetStatement(block.table))) {
      int column = 0;
      while (column < block.keys.length) {
        delete.setString(column + 1, TextArray.of(block.keys[column]));
        column++;
      }
      delete.setString(column + 1, migration.operationId());
      delete.setInt(column + 2, block.table);
      delete.setInt(column + 3, block.source);
      // No index has the keys by value, and a repair notes many: they must not be read once for
      // each key of the block, as KeyJoin.SESSION would have it.
      settings.execute("SET LOCAL enable_hashjoin = on");
      delete.executeUpdate();
      settings.execute("SET LOCAL enable_hashjoin = off");
    }
  }

  /** Equal keys may differ in text, and the keys of other tables may be of other types. */
  private String forgetStatement(int number) {
    PlannedTable table = migration.table(number);
    String equal =
        IntStream.range(0, table.primaryKey().size())
            .mapToObj(
                column ->
                    "CASE WHEN n.table_number = %d THEN n.key[%d]::%s END = k.c%d"
                        .formatted(number, column + 1, table.primaryKeyTypes().get(column), column))
            .collect(Collectors.joining(" AND "));
    return "DELETE FROM reshard.refetch AS n USING "
        + KeyJoin.unnest(KeyJoin.parameters(table), table.primaryKey().size())
        + " WHERE n.operation_id = ? AND n.table_number = ? AND n.source = ?"
        + " AND "
        + equal;
  }
}
