package io.reshard.orchestrator.phase;

import io.reshard.core.control.JobRegistry;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.JobSubmission;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;

/** An operation on real databases, from 2 to 3 shards, whose jobs and switch are played. */
final class PlayedOperation implements AutoCloseable {
  final LiveSystem system;
  final Plan plan;
  final OperationStore store;
  final FakeCluster cluster = new FakeCluster();
  final FakeCutover cutover = new FakeCutover();

  private PlayedOperation(LiveSystem system) {
    this.system = system;
    this.plan = system.plan(3);
    this.store = new PostgresOperationStore(system.control());
    cluster.onMigration = this::reportCopy;
    cluster.onVerification = submission -> reportVerification(submission, 0);
  }

  static PlayedOperation start() throws SQLException {
    PlayedOperation played = new PlayedOperation(LiveSystem.start(2, 500, ServerOptions.fast()));
    NewOperation.create(played.system.control(), played.plan, ReshardingOptions.builder().build());
    return played;
  }

  OperationContext context(ReshardingOptions options) {
    return new OperationContext(
        plan, system.secrets(), system.control(), options, Optional.of(cluster), Optional.empty());
  }

  OperationContext context() {
    return context(ReshardingOptions.builder().build());
  }

  Operation drive(Phase until) {
    return new OperationDriver(context(), cutover).drive(Optional.ofNullable(until));
  }

  Operation operation() {
    return store.get(plan.planId());
  }

  /** Runs a statement on the control database. */
  void sql(String statement, Object... values) {
    system
        .control()
        .call("play", jdbi -> jdbi.withHandle(handle -> handle.execute(statement, values)));
  }

  /** What a job reports that has copied everything, and is a minute ahead of all heartbeats. */
  void reportCopy(JobSubmission submission) {
    String id = submission.space();
    int generation = new JobRegistry(system.control()).nextGeneration(id).generation();
    new JobRegistry(system.control()).epoch(id, generation, "execution");
    for (PlannedTable table : plan.tables()) {
      sql(
          "INSERT INTO job_progress VALUES (?, 'table', ?, 0, 0, 1) ON CONFLICT DO NOTHING",
          id,
          table.displayName());
    }
    sql(
        "INSERT INTO job_progress VALUES (?, 'frontier', '0/1', ?, 1, ?)",
        id,
        generation,
        System.currentTimeMillis() + 60_000);
  }

  /** What a verification reports that finds {@code mismatches} in each split and step. */
  void reportVerification(JobSubmission submission, long mismatches) {
    String run = submission.arguments().get(submission.arguments().indexOf("--run") + 1);
    for (MigrationStep step : plan.steps()) {
      for (Split split : plan.splits()) {
        if (split.source().equals(step.source())) {
          sql(
              "INSERT INTO verification (operation_id, run, mode, split, step, source_rows,"
                  + " target_rows, mismatches, undecided, samples)"
                  + " VALUES (?, ?, 'COUNT', ?, ?, 1, 1, ?, 0, '[]')",
              plan.planId(),
              run,
              split.id(),
              step.name(),
              mismatches);
        }
      }
    }
  }

  PlannedTable orders() {
    return plan.tables().stream().filter(one -> one.name().equals("orders")).findFirst().get();
  }

  /** The condition, over the alias o, of the orders that {@code shard} owned and no longer owns. */
  String moved(String shard) {
    return plan.oldRouting(orders(), "o").ownedBy(shard)
        + " AND NOT "
        + plan.newRouting(orders(), "o").ownedBy(shard);
  }

  /** The orders on {@code shard} that meet {@code condition} over the alias o. */
  long count(String shard, String condition) throws SQLException {
    return number(shard, "SELECT count(*) FROM public.orders AS o WHERE " + condition);
  }

  /** The one number that {@code query} gives on {@code shard}. */
  long number(String shard, String query) throws SQLException {
    try (Connection connection = context().endpoint(shard).connect("test");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  void execute(String shard, String... statements) throws SQLException {
    try (Connection connection = context().endpoint(shard).connect("test");
        Statement statement = connection.createStatement()) {
      for (String one : statements) {
        statement.execute(one);
      }
    }
  }

  @Override
  public void close() {
    system.close();
  }
}
