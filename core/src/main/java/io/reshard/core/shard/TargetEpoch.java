package io.reshard.core.shard;

import io.reshard.core.control.Epoch;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The epoch that may write to a target. A new attempt claims it and ends the sessions of older
 * ones; every write transaction holds it shared, so that a claim or a revocation waits for the
 * writes in flight and no later one gets through.
 */
public final class TargetEpoch {
  private static final String CLAIM =
      "INSERT INTO reshard.epoch (operation_id, generation, attempt) VALUES (?, ?, ?)"
          + " ON CONFLICT (operation_id) DO UPDATE SET generation = excluded.generation,"
          + " attempt = excluded.attempt WHERE NOT epoch.revoked"
          + " AND (epoch.generation, epoch.attempt) <= (excluded.generation, excluded.attempt)";
  private static final String CLAIMED =
      "SELECT EXISTS (SELECT FROM reshard.epoch WHERE operation_id = ? AND generation = ?"
          + " AND attempt = ? AND NOT revoked)";
  private static final String CLAIMERS = "(hashtextextended('reshard claim ' || ?, 0))";
  private static final String HOLD =
      "SELECT EXISTS (SELECT FROM reshard.refetch) FROM reshard.epoch WHERE operation_id = ?"
          + " AND generation = ? AND attempt = ? AND NOT revoked FOR SHARE";
  private static final String REVOKE =
      "INSERT INTO reshard.epoch (operation_id, generation, attempt, revoked, revoked_by)"
          + " VALUES (?, 0, 0, true, ?) ON CONFLICT (operation_id) DO UPDATE SET revoked = true,"
          + " revoked_by = greatest(epoch.revoked_by, excluded.revoked_by)";
  private static final String REINSTATE =
      "UPDATE reshard.epoch SET revoked = false, revoked_by = 0"
          + " WHERE operation_id = ? AND revoked_by <= ?";

  private TargetEpoch() {}

  /** The {@code application_name} of a writing session; older epochs are recognised by it. */
  public static String application(String operationId, Epoch epoch) {
    return "reshard " + operationId + " writer " + epoch;
  }

  /**
   * Ends the sessions of older attempts and claims the target for {@code epoch}. {@code
   * epoch_superseded} if a later epoch holds it or it is revoked: then this attempt must never
   * write. Expects auto-commit.
   *
   * <p>Many subtasks of one attempt claim, one after the other. The first of them may be writing
   * already when the next one comes: it holds the epoch for as long as a split takes, and that
   * would be waited for to no purpose.
   */
  public static void claim(Connection connection, String operationId, Epoch epoch, String target)
      throws SQLException {
    // First of all: the session of a claimer whose host is gone would keep the lock for hours.
    endOlder(connection, operationId, epoch);
    advisory(connection, "SELECT pg_advisory_lock" + CLAIMERS, operationId);
    if (!isClaimed(connection, operationId, epoch)) {
      claimAlone(connection, operationId, epoch, target);
    }
    // A session that fails is of no use any more, and gives the lock up as it is closed.
    advisory(connection, "SELECT pg_advisory_unlock" + CLAIMERS, operationId);
  }

  private static void advisory(Connection connection, String sql, String operationId)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, operationId);
      statement.execute();
    }
  }

  private static boolean isClaimed(Connection connection, String operationId, Epoch epoch)
      throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(CLAIMED)) {
      query.setString(1, operationId);
      query.setInt(2, epoch.generation());
      query.setInt(3, epoch.attempt());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  private static void endOlder(Connection connection, String operationId, Epoch epoch)
      throws SQLException {
    try (PreparedStatement end =
        connection.prepareStatement(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND starts_with(application_name, ?)"
                + " AND string_to_array(split_part(application_name, ' ', 4), '.')::int[] < ?")) {
      end.setString(1, "reshard " + operationId + " writer ");
      end.setArray(
          2, connection.createArrayOf("int4", new Object[] {epoch.generation(), epoch.attempt()}));
      end.execute();
    }
  }

  private static void claimAlone(
      Connection connection, String operationId, Epoch epoch, String target) throws SQLException {
    try (PreparedStatement claim = connection.prepareStatement(CLAIM)) {
      claim.setString(1, operationId);
      claim.setInt(2, epoch.generation());
      claim.setInt(3, epoch.attempt());
      if (claim.executeUpdate() == 0) {
        throw superseded(operationId, epoch, target);
      }
    }
  }

  /**
   * Locks the epoch for the current transaction; {@code epoch_superseded} if it is not ours.
   * Returns whether any evicted key waits to be fetched again, which saves every merge a query of
   * its own.
   */
  public static boolean hold(Connection connection, String operationId, Epoch epoch, String target)
      throws SQLException {
    try (PreparedStatement hold = connection.prepareStatement(HOLD)) {
      hold.setString(1, operationId);
      hold.setInt(2, epoch.generation());
      hold.setInt(3, epoch.attempt());
      try (ResultSet row = hold.executeQuery()) {
        if (!row.next()) {
          throw superseded(operationId, epoch, target);
        }
        return row.getBoolean(1);
      }
    }
  }

  /** Ends the right of every epoch of {@code operationId} to write here, for good. */
  public static int revoke(Connection connection, String operationId) throws SQLException {
    return revoke(connection, operationId, Integer.MAX_VALUE);
  }

  /** The same, until this cutover attempt is aborted. */
  public static int revoke(Connection connection, String operationId, int cutoverAttempt)
      throws SQLException {
    return execute(connection, REVOKE, operationId, cutoverAttempt);
  }

  /**
   * Takes a revocation back, once the cutover attempt that made it has been aborted for good. That
   * of a later attempt stays: whoever undoes the earlier one may be late.
   */
  public static int reinstate(Connection connection, String operationId, int cutoverAttempt)
      throws SQLException {
    return execute(connection, REINSTATE, operationId, cutoverAttempt);
  }

  private static int execute(
      Connection connection, String sql, String operationId, int cutoverAttempt)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, operationId);
      statement.setInt(2, cutoverAttempt);
      return statement.executeUpdate();
    }
  }

  private static ReshardingException superseded(String operationId, Epoch epoch, String target) {
    return new ReshardingException(
        ErrorCode.EPOCH_SUPERSEDED,
        "target "
            + target
            + " no longer accepts epoch "
            + epoch
            + " of operation "
            + operationId
            + ": a later attempt has taken over, or the topology has been switched");
  }
}
