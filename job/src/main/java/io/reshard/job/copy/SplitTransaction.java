package io.reshard.job.copy;

import io.reshard.core.plan.PlannedTable;
import io.reshard.job.Migration;
import io.reshard.job.apply.YieldingInsert;
import io.reshard.job.target.CopyStream;
import io.reshard.job.target.TargetSession;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The rows of one split on their way into one target: one transaction, which also records that the
 * split is there. If an earlier attempt has recorded it, the rows are discarded.
 */
final class SplitTransaction {
  private final String operationId;
  private final TargetSession session;
  private final long read;
  private final Long committedBefore;
  private final YieldingInsert aside;
  private final CopyStream stream;
  private int expectedSequence;
  private long rows;

  SplitTransaction(Migration migration, TargetSession session, CopyBlock first)
      throws SQLException {
    this.operationId = migration.operationId();
    this.session = session;
    this.read = first.read;
    session.begin();
    this.committedBefore = committedRows(first.split);
    YieldingInsert yielding = new YieldingInsert(migration, session, first.table);
    this.aside = committedBefore == null && yielding.needed() ? yielding : null;
    this.stream = committedBefore == null ? open(migration.table(first.table)) : null;
  }

  private CopyStream open(PlannedTable table) throws SQLException {
    return aside == null ? new CopyStream(session, table) : aside.stream();
  }

  private Long committedRows(int split) throws SQLException {
    try (PreparedStatement query =
        session
            .connection()
            .prepareStatement(
                "SELECT rows FROM reshard.copy_progress WHERE operation_id = ? AND split = ?")) {
      query.setString(1, operationId);
      query.setInt(2, split);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? row.getLong(1) : null;
      }
    }
  }

  TargetSession session() {
    return session;
  }

  void write(CopyBlock block) throws SQLException {
    if (block.read != read || block.sequence != expectedSequence) {
      throw new IllegalStateException(
          "block %d of read %x of split %d came where block %d of read %x was due"
              .formatted(block.sequence, block.read, block.split, expectedSequence, read));
    }
    expectedSequence++;
    rows += block.rows;
    if (stream != null) {
      stream.write(block.tuples);
    }
  }

  /** Commits rows and record together, and returns the number of rows of the split. */
  long commit(int split) throws SQLException {
    if (stream == null) {
      session.rollback();
      return committedBefore;
    }
    long written = stream.end();
    if (written != rows) {
      throw new IllegalStateException(
          "split %d: %d rows were read, but %s took %d"
              .formatted(split, rows, session.target(), written));
    }
    if (aside != null) {
      aside.insert();
    }
    try (PreparedStatement insert =
        session
            .connection()
            .prepareStatement(
                "INSERT INTO reshard.copy_progress (operation_id, split, rows) VALUES (?, ?, ?)")) {
      insert.setString(1, operationId);
      insert.setInt(2, split);
      insert.setLong(3, rows);
      insert.executeUpdate();
    }
    session.commit();
    return rows;
  }
}
