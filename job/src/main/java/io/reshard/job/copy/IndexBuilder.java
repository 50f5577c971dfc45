package io.reshard.job.copy;

import io.reshard.core.control.Epoch;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.SqlStates;
import io.reshard.job.Migration;
import io.reshard.job.apply.Evictions;
import io.reshard.job.target.Failures;
import io.reshard.job.target.TargetSession;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;

/**
 * Builds primary keys and indexes of tables on new targets, in threads of its own. An index that
 * stands already is left alone, so a build that a restart has cut short is taken up where it was.
 */
final class IndexBuilder implements AutoCloseable {
  private static final int THREADS = 4;
  private static final String BUILD_SETTINGS =
      "SET maintenance_work_mem = '256MB'; SET lock_timeout = 0";

  private final Migration migration;
  private final Epoch epoch;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(THREADS, new ExecutorThreadFactory("index-builder"));

  IndexBuilder(Migration migration, Epoch epoch) {
    this.migration = migration;
    this.epoch = epoch;
  }

  /**
   * Builds all that the table needs on new targets, and settles what yielded on kept ones;
   * completes when everything stands.
   */
  CompletableFuture<Void> build(PlannedTable table) {
    List<CompletableFuture<Void>> targets = new ArrayList<>();
    for (String target : migration.plan().targets()) {
      if (migration.plan().isNew(target)) {
        targets.add(
            run(target, table, List.of(table.primaryKeyIndex()))
                .thenCompose(done -> secondary(target, table))
                .thenCompose(
                    done -> CompletableFuture.runAsync(() -> finish(target, table), threads)));
      } else {
        targets.add(CompletableFuture.runAsync(() -> settle(target, table), threads));
      }
    }
    return CompletableFuture.allOf(targets.toArray(new CompletableFuture<?>[0]));
  }

  private CompletableFuture<Void> secondary(String target, PlannedTable table) {
    return CompletableFuture.allOf(
        table.indexes().stream()
            .map(index -> run(target, table, List.of(index)))
            .toArray(CompletableFuture<?>[]::new));
  }

  private CompletableFuture<Void> run(
      String target, PlannedTable table, List<IndexDefinition> indexes) {
    return CompletableFuture.runAsync(
        () -> indexes.forEach(index -> buildOne(target, table, index)), threads);
  }

  private void buildOne(String target, PlannedTable table, IndexDefinition index) {
    try {
      tryToBuild(target, table, index);
    } catch (SQLException e) {
      if (!SqlStates.UNIQUE_VIOLATION.equals(e.getSQLState())) {
        throw failed("building " + index.name(), target, table, e);
      }
      makeRoom(target, table, index);
    }
  }

  /**
   * Splits are read at different moments: a value that moved from one row to another in between has
   * come with both, and the changes that tell of it are still parked.
   */
  private void makeRoom(String target, PlannedTable table, IndexDefinition index) {
    try (Evictions evictions = new Evictions(migration, epoch, target)) {
      evictions.makeRoom(table, index.name());
      tryToBuild(target, table, index);
    } catch (SQLException e) {
      throw failed("building " + index.name(), target, table, e);
    }
  }

  private void tryToBuild(String target, PlannedTable table, IndexDefinition index)
      throws SQLException {
    try (TargetSession session = TargetSession.open(migration, target, epoch)) {
      session.begin();
      if (!stands(session, table, index)) {
        try (Statement statement = session.connection().createStatement()) {
          statement.execute(BUILD_SETTINGS);
          statement.execute(index.statement());
        }
      }
      session.commit();
    }
  }

  private static boolean stands(TargetSession session, PlannedTable table, IndexDefinition index)
      throws SQLException {
    try (PreparedStatement query =
        session
            .connection()
            .prepareStatement(
                "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                    + " WHERE n.nspname = ? AND c.relname = ?")) {
      query.setString(1, table.schema());
      query.setString(2, index.name());
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }

  /** Without statistics the planner might scan the table for every change that is applied. */
  private void finish(String target, PlannedTable table) {
    try (TargetSession session = TargetSession.open(migration, target, epoch);
        Statement statement = session.connection().createStatement()) {
      statement.execute("ANALYZE " + table.quotedName());
    } catch (SQLException e) {
      throw failed("analyzing", target, table, e);
    }
    settle(target, table);
  }

  /** What made room or yielded, in this attempt or an earlier one, is fetched again first. */
  private void settle(String target, PlannedTable table) {
    try (Evictions evictions = new Evictions(migration, epoch, target)) {
      evictions.settle(table);
    } catch (SQLException e) {
      throw failed("fetching rows again", target, table, e);
    }
  }

  private static ReshardingException failed(
      String what, String target, PlannedTable table, SQLException cause) {
    return new ReshardingException(
        Failures.code(cause, ErrorCode.COPY_FAILED),
        what + " of " + table.displayName() + " on " + target + " failed: " + cause.getMessage(),
        cause);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
