package io.reshard.orchestrator.phase;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.CaptureTurn;
import io.reshard.core.error.CollectedFailures;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Sql;
import io.reshard.core.postgres.SqlStates;
import io.reshard.core.shard.BriefLock;
import io.reshard.core.shard.ChangeCaptures;
import io.reshard.core.shard.DisabledTriggers;
import io.reshard.core.shard.PartitionTree;
import io.reshard.core.shard.PendingShards;
import io.reshard.core.shard.ShardSchema;
import io.reshard.core.shard.TargetEpoch;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.state.Operation;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes away what an operation has made outside the control database. Every method may be repeated,
 * and adds what it removed to {@link #removed()}.
 */
final class Removal {
  private static final Logger LOG = LoggerFactory.getLogger(Removal.class);
  private static final Duration BRIEF = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String MAINTENANCE_DATABASE = "postgres";

  private final OperationContext context;
  private final Plan plan;
  private final List<String> removed = new ArrayList<>();

  Removal(OperationContext context) {
    this.context = context;
    this.plan = context.plan();
  }

  /** What was removed, for people. */
  List<String> removed() {
    return List.copyOf(removed);
  }

  /**
   * Ends the migration job, if a cluster is at hand. One that does not answer holds nothing up: the
   * job does no harm without slots and the right to write, and fails by itself.
   */
  void endJob(Operation operation) {
    if (operation.jobId() != null) {
      onCluster(
          cluster -> {
            cluster.cancel(JobID.fromHexString(operation.jobId()));
            removed.add("job " + operation.jobId());
          });
    }
  }

  /** Removes the checkpoints of all jobs of the operation. */
  void deleteCheckpoints() {
    onCluster(cluster -> cluster.deleteCheckpoints(plan.planId()));
  }

  private void onCluster(Consumer<FlinkCluster> work) {
    try {
      context.cluster().ifPresent(work);
    } catch (ReshardingException e) {
      if (e.errorCode() != ErrorCode.FLINK_UNAVAILABLE) {
        throw e;
      }
      LOG.warn("going on without Flink: {}", e.getMessage());
    }
  }

  /**
   * Ends the right of the migration job to write to the targets, so that neither a job that nobody
   * could cancel nor a delete made here, seen by its change capture, can do harm. A target that
   * cannot be reached keeps only its own: the error names all of them.
   */
  void revokeEpochs() {
    CollectedFailures failures = new CollectedFailures();
    for (String target : plan.targets()) {
      failures.collect(
          () ->
              onTarget(
                  target,
                  () -> {
                    try (Connection connection = connect(target)) {
                      ShardSchema.ensure(connection);
                      TargetEpoch.revoke(connection, plan.planId());
                    }
                  }));
    }
    failures.throwAny();
  }

  /** Drops slots and publications for good; each is forgotten only when it is gone. */
  void dropCaptures() {
    for (CaptureRecord capture :
        new ChangeCaptures(plan, context.secrets(), context.control()).drop(CaptureTurn.END)) {
      removed.add("slot and publication " + capture.slot() + " on " + capture.source());
    }
  }

  /**
   * Removes from the targets what the operation copied there.
   *
   * @param version of the topology under which nobody routes to the copies
   */
  void removeCopies(long version) {
    deleting(version, this::removeCopies);
  }

  private void removeCopies(MovedRows rows) {
    for (String target : plan.targets()) {
      onTarget(
          target,
          () -> {
            if (plan.isNew(target) && dropOwnDatabase(target)) {
              return;
            }
            try (Connection connection = MovedRows.open(context.endpoint(target), plan.planId())) {
              if (!dropOwnTables(connection, target)) {
                deleteCopiedRows(rows, connection, target);
                for (PlannedTable table : plan.tables()) {
                  allowTruncate(connection, table);
                }
              }
              forgetCopy(connection);
            }
          });
    }
  }

  private boolean dropOwnDatabase(String target) throws SQLException {
    Topology topology = plan.topologyOf(target);
    Shard shard = topology.shard(target);
    Endpoint server =
        context.secrets().endpoint(topology.nodeOf(shard), target, MAINTENANCE_DATABASE);
    try (Connection connection = server.connect("reshard " + plan.planId() + " clean-up");
        PreparedStatement query =
            connection.prepareStatement(
                "SELECT 1 FROM pg_database WHERE datname = ?"
                    + " AND shobj_description(oid, 'pg_database') = ?")) {
      query.setString(1, shard.database());
      query.setString(2, PendingShards.databaseComment(plan));
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return false;
        }
      }
      try (Statement statement = connection.createStatement()) {
        statement.execute("DROP DATABASE " + Sql.identifier(shard.database()) + " WITH (FORCE)");
      }
      removed.add("database " + shard.database() + " of " + target);
      return true;
    }
  }

  private boolean dropOwnTables(Connection connection, String target) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT 1 FROM reshard.created_tables WHERE operation_id = ?")) {
      query.setString(1, plan.planId());
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return false;
        }
      }
    }
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      for (PlannedTable table : plan.tables()) {
        statement.execute("DROP TABLE IF EXISTS " + table.quotedName() + " CASCADE");
        removed.add("table " + table.displayName() + " on " + target);
      }
      statement.execute(
          "DELETE FROM reshard.created_tables WHERE operation_id = " + Sql.literal(plan.planId()));
    }
    connection.commit();
    connection.setAutoCommit(true);
    return true;
  }

  /** Rows that a source owned before: never one that the target owned. */
  private void deleteCopiedRows(MovedRows rows, Connection connection, String target)
      throws SQLException {
    for (String source : plan.sources()) {
      if (!plan.targetsOf(source).contains(target)) {
        continue;
      }
      for (PlannedTable table : plan.tables()) {
        if (table.isReference()) {
          continue;
        }
        long deleted =
            rows.delete(
                connection,
                target,
                table,
                source,
                alias ->
                    plan.oldRouting(table, alias).ownedBy(source)
                        + " AND "
                        + plan.newRouting(table, alias).ownedBy(target));
        note(deleted, table, target);
      }
    }
  }

  /** Deletes from the sources what they owned before and no longer own. */
  void removeMovedRows() {
    deleting(plan.target().version(), this::removeMovedRows);
  }

  private void deleting(long version, Consumer<MovedRows> work) {
    try (TopologyHold hold = TopologyHold.take(context.control(), plan, version);
        DeletionTurns turns = new DeletionTurns(hold, plan, context.secrets())) {
      work.accept(new MovedRows(plan, context.options().copyBatchSize(), turns));
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.CLEANUP_FAILED, "the sessions of the clean-up do not close", e);
    }
  }

  private void removeMovedRows(MovedRows rows) {
    for (String source : plan.sources()) {
      try (Connection connection = MovedRows.open(context.endpoint(source), plan.planId())) {
        for (PlannedTable table : plan.tables()) {
          if (table.isReference()) {
            continue;
          }
          long deleted =
              rows.delete(
                  connection,
                  source,
                  table,
                  source,
                  alias ->
                      plan.oldRouting(table, alias).ownedBy(source)
                          + " AND NOT "
                          + plan.newRouting(table, alias).ownedBy(source));
          note(deleted, table, source);
          allowTruncate(connection, table);
        }
      } catch (SQLException e) {
        throw failed(ErrorCode.SOURCE_UNAVAILABLE, "source " + source, e);
      }
    }
  }

  /** All rows are the shard's own again, whichever way the last switch went. */
  private static void allowTruncate(Connection connection, PlannedTable table) throws SQLException {
    for (String member : PartitionTree.members(connection, table)) {
      String disable =
          "DO $$ BEGIN ALTER TABLE %s DISABLE TRIGGER %s; EXCEPTION WHEN undefined_object OR undefined_table THEN NULL; END $$"
              .formatted(member, ShardSchema.TRUNCATE_GUARD);
      if (!BriefLock.execute(connection, disable, BRIEF, PATIENCE)) {
        LOG.warn("TRUNCATE stays refused on {}: the table is always being written", member);
      }
    }
    DisabledTriggers.drop(connection, table, PATIENCE);
  }

  /** Removes the job's bookkeeping of the copy, not the epoch: a late job must still find it. */
  void forgetCopies() {
    for (String target : plan.targets()) {
      onTarget(
          target,
          () -> {
            try (Connection connection = connect(target)) {
              forgetCopy(connection);
            }
          });
    }
  }

  private void forgetCopy(Connection connection) throws SQLException {
    for (String table : List.of("reshard.copy_progress", "reshard.refetch")) {
      try (PreparedStatement delete =
          connection.prepareStatement("DELETE FROM " + table + " WHERE operation_id = ?")) {
        delete.setString(1, plan.planId());
        delete.execute();
      }
    }
  }

  private void note(long deleted, PlannedTable table, String shard) {
    if (deleted > 0) {
      removed.add(deleted + " rows of " + table.displayName() + " on " + shard);
    }
  }

  private Connection connect(String shard) throws SQLException {
    return context.endpoint(shard).connect("reshard " + plan.planId() + " clean-up");
  }

  private void onTarget(String target, TargetWork work) {
    try {
      work.run();
    } catch (SQLException e) {
      // A new shard whose database was never made, or is gone by now, holds nothing of ours.
      if (!(plan.isNew(target) && SqlStates.INVALID_CATALOG_NAME.equals(e.getSQLState()))) {
        throw failed(ErrorCode.TARGET_UNAVAILABLE, "target " + target, e);
      }
    }
  }

  private static ReshardingException failed(ErrorCode code, String shard, SQLException cause) {
    return new ReshardingException(
        code, shard + " cannot be cleaned up: " + cause.getMessage(), cause);
  }

  /** Work on one target. */
  @FunctionalInterface
  private interface TargetWork {
    void run() throws SQLException;
  }
}
