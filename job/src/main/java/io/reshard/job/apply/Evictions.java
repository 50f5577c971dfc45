package io.reshard.job.apply;

import io.reshard.core.control.Epoch;
import io.reshard.core.plan.PlannedTable;
import io.reshard.job.Migration;
import io.reshard.job.target.TargetSessions;
import java.sql.SQLException;

/** Evictions from one target for the sake of an index that is being built. Not thread-safe. */
public final class Evictions implements AutoCloseable {
  private final Migration migration;
  private final TargetSessions sessions;
  private final ContendedWriter writer;
  private final int target;

  public Evictions(Migration migration, Epoch epoch, String target) {
    this.migration = migration;
    this.sessions = new TargetSessions(migration, epoch);
    // No verification has begun yet: what a check finds here, the first one will find.
    this.writer =
        new ContendedWriter(
            migration, sessions, new FreshRows(migration, "index"), new WriteCheck(migration));
    this.target = migration.plan().shardOrdinal(target);
  }

  /** Evicts the rows of which the unique index {@code index} would allow one only. */
  public void makeRoom(PlannedTable table, String index) throws SQLException {
    writer.makeRoom(target, migration.plan().tables().indexOf(table), index);
  }

  /** Fetches all rows of the table again that were evicted; its indexes stand by now. */
  public void settle(PlannedTable table) throws SQLException {
    int number = migration.plan().tables().indexOf(table);
    writer.settleAll(target, noted -> noted == number, Long.MAX_VALUE);
  }

  @Override
  public void close() throws SQLException {
    try (sessions) {
      writer.close();
    }
  }
}
