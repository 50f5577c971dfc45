package io.reshard.orchestrator.diagnose;

import io.reshard.core.plan.Plan;
import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.cutover.Barriers;
import io.reshard.orchestrator.diagnose.Diagnosis.EpochFacts;
import io.reshard.orchestrator.diagnose.Diagnosis.ShardFacts;
import io.reshard.orchestrator.diagnose.Diagnosis.Slot;
import io.reshard.orchestrator.phase.OperationContext;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Reads what an operation has on one shard. */
final class ShardInspector {
  private static final String SLOTS =
      "SELECT slot_name, active, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)"
          + " FROM pg_replication_slots WHERE database = current_database()"
          + " AND starts_with(slot_name, 'reshard_') ORDER BY 1";
  private static final String EPOCHS =
      "SELECT operation_id, generation, attempt, revoked FROM reshard.epoch"
          + " WHERE operation_id IN (?, ?) ORDER BY 1";

  private final OperationContext context;
  private final Plan plan;

  ShardInspector(OperationContext context) {
    this.context = context;
    this.plan = context.plan();
  }

  /** A shard that cannot be asked is a fact as well. */
  ShardFacts inspect(String shard, ShardStatus status) {
    try (Connection connection = context.endpoint(shard).connect("reshard diagnose")) {
      Barriers there = Barriers.find(plan, connection);
      Barriers back = Barriers.find(plan.reversed(), connection);
      return new ShardFacts(
          shard,
          status,
          null,
          there.fences(),
          back.fences(),
          there.guarded(),
          slots(connection),
          epochs(connection));
    } catch (SQLException e) {
      return new ShardFacts(
          shard, status, e.getMessage(), List.of(), List.of(), false, List.of(), List.of());
    }
  }

  private static List<Slot> slots(Connection connection) throws SQLException {
    List<Slot> slots = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(SLOTS);
        ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        slots.add(new Slot(rows.getString(1), rows.getBoolean(2), rows.getLong(3)));
      }
    }
    return slots;
  }

  private List<EpochFacts> epochs(Connection connection) throws SQLException {
    List<EpochFacts> epochs = new ArrayList<>();
    if (!hasEpochs(connection)) {
      return epochs;
    }
    try (PreparedStatement query = connection.prepareStatement(EPOCHS)) {
      query.setString(1, plan.planId());
      query.setString(2, plan.reversed().planId());
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          epochs.add(
              new EpochFacts(
                  rows.getString(1), rows.getInt(2), rows.getInt(3), rows.getBoolean(4)));
        }
      }
    }
    return epochs;
  }

  private static boolean hasEpochs(Connection connection) throws SQLException {
    try (PreparedStatement query =
            connection.prepareStatement("SELECT to_regclass('reshard.epoch') IS NOT NULL");
        ResultSet row = query.executeQuery()) {
      row.next();
      return row.getBoolean(1);
    }
  }
}
