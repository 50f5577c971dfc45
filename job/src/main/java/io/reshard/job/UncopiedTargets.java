package io.reshard.job;

import io.reshard.core.control.Epoch;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.shard.TargetEpoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The targets of an operation for which no slot stands yet. A split that is recorded as copied is
 * not copied again, so one that was read before the slots are made would lack what has changed in
 * between.
 */
final class UncopiedTargets {
  private final Plan plan;
  private final Secrets secrets;

  UncopiedTargets(Plan plan, Secrets secrets) {
    this.plan = plan;
    this.secrets = secrets;
  }

  /**
   * Takes the targets from every earlier generation, and makes sure that none has copied to them.
   * Errors: {@code epoch_superseded} if a later generation has them, or a rollback; {@code
   * copy_failed} names a target that has copies.
   */
  void claim(int generation) {
    for (String target : plan.targets()) {
      try (Connection connection =
          plan.endpoint(target, secrets).connect("reshard " + plan.planId() + " prepare")) {
        // The attempts of a generation are numbered from 1.
        TargetEpoch.claim(connection, plan.planId(), new Epoch(generation, 0), target);
        requireNoCopies(connection, target);
      } catch (SQLException e) {
        throw new ReshardingException(
            ErrorCode.TARGET_UNAVAILABLE,
            "target " + target + " cannot be prepared: " + e.getMessage(),
            e);
      }
    }
  }

  private void requireNoCopies(Connection connection, String target) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT count(*) FROM reshard.copy_progress WHERE operation_id = ?")) {
      query.setString(1, plan.planId());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        if (row.getLong(1) > 0) {
          throw new ReshardingException(
              ErrorCode.COPY_FAILED,
              "target %s has %d splits of operation %s, but the control database knows of no change capture that stood as they were read; run 'reshard rollback %s' and plan again"
                  .formatted(target, row.getLong(1), plan.planId(), plan.planId()));
        }
      }
    }
  }
}
