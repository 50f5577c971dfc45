package io.reshard.orchestrator.phase;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Keeps the topology as it is while rows are deleted that it gives to other shards. A later
 * operation may give them back: (1) an operation is completed, but something is left behind; (2)
 * the next one moves keys back to where they were; (3) the first is cleaned up again, and would
 * delete rows that are owned by now, or copies that soon will be. The same with the rollback of one
 * that failed before a later one has switched. So the row of the active topology is locked, which a
 * new operation must read with a lock of its own: while the hold lasts, none can begin, and none
 * may stand there unfinished when it is taken.
 */
final class TopologyHold implements AutoCloseable {
  private static final String LOCK = "SELECT version FROM reshard.active_topology FOR UPDATE";

  // One that has failed can be resumed, if the topology that it was planned against is active.
  private static final String NEXT =
      "SELECT id FROM reshard.operation WHERE phase NOT IN ('COMPLETED', 'ROLLED_BACK')"
          + " AND (plan #>> '{source,version}')::bigint = ? AND id <> ?";

  private static final String PATIENCE = "SET LOCAL lock_timeout = '10s'";

  private static final int CHECK_SECONDS = 10;

  private final Connection connection;

  private TopologyHold(Connection connection) {
    this.connection = connection;
  }

  /**
   * Takes the hold on {@code version} of the topology; {@code cleanup_failed} if the topology has
   * gone on or is about to.
   */
  static TopologyHold take(ControlDatabase control, Plan plan, long version) {
    try {
      Connection connection = control.endpoint().connect("reshard " + plan.planId() + " clean-up");
      TopologyHold hold = new TopologyHold(connection);
      try {
        connection.setAutoCommit(false);
        hold.require(plan, version);
        return hold;
      } catch (SQLException | RuntimeException e) {
        hold.close();
        throw e;
      }
    } catch (SQLException e) {
      boolean kept = SqlStates.LOCK_NOT_AVAILABLE.equals(e.getSQLState());
      throw new ReshardingException(
          ErrorCode.STATE_STORE_FAILED,
          "the topology cannot be locked: "
              + (kept
                  ? "another clean-up or rollback deletes; if its process stands still, end it"
                  : e.getMessage()),
          e);
    }
  }

  private void require(Plan plan, long version) throws SQLException {
    try (Statement patience = connection.createStatement()) {
      patience.execute(PATIENCE);
    }
    try (PreparedStatement lock = connection.prepareStatement(LOCK);
        ResultSet row = lock.executeQuery()) {
      long active = row.next() ? row.getLong(1) : 0;
      if (active != version) {
        throw refused(
            "version "
                + active
                + " of the topology is active, not "
                + version
                + ": rows stay where they are, since the shards may own them by now; the"
                + " preflight check 'strays' of the next plan names those that they do not own");
      }
    }
    try (PreparedStatement query = connection.prepareStatement(NEXT)) {
      query.setLong(1, version);
      query.setString(2, plan.forwardId());
      try (ResultSet row = query.executeQuery()) {
        if (row.next()) {
          throw refused(
              "operation "
                  + row.getString(1)
                  + " may need the rows; try again when it is completed or rolled back");
        }
      }
    }
  }

  private static ReshardingException refused(String message) {
    return new ReshardingException(ErrorCode.CLEANUP_FAILED, message);
  }

  /** Makes sure that the lock has not been lost with its connection. */
  void requireHeld() throws SQLException {
    if (!connection.isValid(CHECK_SECONDS)) {
      throw new ReshardingException(
          ErrorCode.STATE_STORE_FAILED,
          "the connection that keeps the topology as it is was lost; complete again");
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.STATE_STORE_FAILED, "the topology cannot be released", e);
    }
  }
}
