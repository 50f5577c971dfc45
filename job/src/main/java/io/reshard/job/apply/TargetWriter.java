package io.reshard.job.apply;

import io.reshard.job.Migration;
import io.reshard.job.target.TargetSession;
import io.reshard.job.target.TargetSessions;
import java.sql.SQLException;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Merges blocks into their targets: several in one transaction, and where that fails for another
 * row or another writer, one by one. Not thread-safe.
 */
final class TargetWriter implements AutoCloseable {
  private final TargetSessions sessions;
  private final WriteCheck check;
  private final Merge merge;
  private final ContendedWriter contended;

  TargetWriter(Migration migration, TargetSessions sessions, RowSource sources) {
    this.sessions = sessions;
    this.check = new WriteCheck(migration);
    this.merge = new Merge(migration, new RefetchNotes(migration), check);
    this.contended = new ContendedWriter(migration, sessions, sources, check);
  }

  /** Writes the blocks of one target, in their order; {@link #settle} must follow. */
  void write(int target, List<ChangeBlock> blocks) throws SQLException {
    TargetSession session = sessions.take(target);
    try {
      session.waitForLocksAtMost(ContendedWriter.LOCK_TIMEOUT);
      session.setOnce(KeyJoin.SESSION);
      session.begin();
      for (ChangeBlock block : blocks) {
        merge.apply(session, block);
      }
      session.commit();
      sessions.release(target, session);
    } catch (SQLException e) {
      if (!ContendedWriter.canMend(e)) {
        throw e;
      }
      session.rollback();
      sessions.release(target, session);
      for (ChangeBlock block : blocks) {
        contended.write(block);
      }
    }
  }

  /** Fetches again what was evicted. A watermark may only be reported afterwards. */
  void settle() throws SQLException {
    contended.settle();
  }

  /**
   * Fetches the noted keys on the target again, of the tables that {@code which} accepts, whoever
   * noted them, until {@code nanos} are over. False if some may be left.
   */
  boolean settle(int target, IntPredicate which, long nanos) throws SQLException {
    return contended.settleAll(target, which, nanos);
  }

  /** How many blocks did not read back as they were read. */
  long mismatches() {
    return check.mismatches();
  }

  /** How often blocks were begun again because they met other rows or other writers. */
  long retries() {
    return contended.retries();
  }

  @Override
  public void close() throws SQLException {
    contended.close();
  }
}
