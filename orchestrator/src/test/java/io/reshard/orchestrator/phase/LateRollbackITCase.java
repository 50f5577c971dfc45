package io.reshard.orchestrator.phase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.ShardSchema;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An operation that failed, and is rolled back when others have gone on. */
class LateRollbackITCase {
  private LiveSystem system;
  private Plan plan;
  private OperationContext context;
  private OperationStore store;
  private final FakeCutover cutover = new FakeCutover();

  @BeforeEach
  void start() throws SQLException {
    system = LiveSystem.start(2, 200, ServerOptions.fast());
    plan = system.plan(3);
    store = new PostgresOperationStore(system.control());
    ReshardingOptions options = ReshardingOptions.builder().build();
    NewOperation.create(system.control(), plan, options);
    context =
        new OperationContext(
            plan, system.secrets(), system.control(), options, Optional.empty(), Optional.empty());
    bringRows();
  }

  /** What shard-1 gets under the plan; another operation may have brought it there. */
  private void bringRows() throws SQLException {
    try (Connection shard = context.endpoint("shard-1").connect("test")) {
      ShardSchema.ensure(shard);
      execute(
          shard,
          "ALTER TABLE orders DISABLE TRIGGER ALL",
          "INSERT INTO orders AS o (id, customer_id, status, version)"
              + " SELECT -n, n, 'X', 1 FROM generate_series(1, 1000) n"
              + " ON CONFLICT DO NOTHING");
    }
  }

  @AfterEach
  void stop() {
    system.close();
  }

  @Test
  void deletesNothingUnderATopologyThatAnotherHasLedTo() throws SQLException {
    fail();
    sql("INSERT INTO topology SELECT 2, document FROM topology WHERE version = 1");
    sql("UPDATE active_topology SET version = 2");
    assertDeletesNothing(
        ErrorCode.ROLLBACK_NOT_AVAILABLE, "another operation has led to version 2");
  }

  @Test
  void deletesNothingThatAnotherIsCopying() throws SQLException {
    fail();
    sql(
        "INSERT INTO operation (id, phase, plan, options)"
            + " SELECT 'other', 'COPYING', plan, options FROM operation WHERE id = ?",
        plan.planId());
    assertDeletesNothing(ErrorCode.ROLLBACK_FAILED, "operation other may need the rows");
    sql("DELETE FROM operation WHERE id = 'other'");
    assertThat(new Rollback(context, cutover).run().rolledBack()).isTrue();
    assertThat(arrived()).isZero();
  }

  /** Race 15 of docs/architecture.md, the second half. */
  @Test
  void deletesNothingOnceAnotherHasEndedItAndSwitched() throws Exception {
    FakeCluster cluster = new FakeCluster();
    CompletableFuture<Void> reached = new CompletableFuture<>();
    CompletableFuture<Void> thaw = new CompletableFuture<>();
    cluster.onCancel =
        job -> {
          reached.complete(null);
          thaw.join();
        };
    store.recordJob(store.get(plan.planId()), JobID.generate().toHexString(), null);
    CompletableFuture<RollbackReport> frozen =
        CompletableFuture.supplyAsync(() -> new Rollback(on(cluster), cutover).run());
    reached.get(60, TimeUnit.SECONDS);

    assertThat(new Rollback(context, cutover).run().rolledBack()).isTrue();
    assertThat(arrived()).isZero();
    sql("INSERT INTO topology SELECT 2, document FROM topology WHERE version = 1");
    sql("UPDATE active_topology SET version = 2");
    bringRows();
    long before = arrived();
    thaw.complete(null);

    assertThatThrownBy(frozen::join)
        .hasMessageContaining("version 2 of the topology is active, not 1");
    assertThat(arrived()).isEqualTo(before).isPositive();
    assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.ROLLED_BACK);
  }

  /** Who wanted to go back does not want a resume, by whomever, to go forward. */
  @Test
  void aRollbackThatHasBegunCanOnlyEnd() throws SQLException {
    FakeCluster cluster = new FakeCluster();
    cluster.onCancel =
        job -> {
          throw new ReshardingException(ErrorCode.INTERNAL, "as if it were killed here");
        };
    store.recordJob(store.get(plan.planId()), JobID.generate().toHexString(), null);
    assertThatThrownBy(() -> new Rollback(on(cluster), cutover).run())
        .hasMessageContaining("as if it were killed here");
    assertThat(cutover.status(context)).contains(CutoverStatus.CLOSED);
    cluster.onCancel = job -> {};
    Operation resumed = new OperationDriver(on(cluster), cutover).drive(Optional.empty());
    assertThat(resumed.phase()).isEqualTo(Phase.ROLLED_BACK);
    assertThat(arrived()).isZero();
  }

  private OperationContext on(FakeCluster cluster) {
    return new OperationContext(
        plan,
        context.secrets(),
        context.control(),
        context.options(),
        Optional.of(cluster),
        Optional.empty());
  }

  @Test
  void aSwitchedOperationDoesNotFailWithItsRollback() {
    for (Phase phase = Phase.PLANNING; phase != Phase.CUTTING_OVER; phase = phase.next()) {
      Operation completed = store.complete(store.get(plan.planId()));
      store.enter(completed, phase.next());
    }
    cutover.statuses.put(plan.planId(), CutoverStatus.SWITCHED);
    cutover.failure =
        Optional.of(new ReshardingException(ErrorCode.TARGET_UNAVAILABLE, "shard-2 is away"));
    assertRefused(ErrorCode.ROLLBACK_FAILED, "shard-2 is away");
    assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.CUTTING_OVER);
    assertThat(store.get(plan.planId()).error().message()).contains("shard-2 is away");
  }

  private void fail() {
    store.fail(store.get(plan.planId()), new OperationError("resharding.copy_failed", "mend it"));
  }

  private void assertDeletesNothing(ErrorCode code, String message) throws SQLException {
    long before = arrived();
    assertThat(before).isPositive();
    assertRefused(code, message);
    assertThat(arrived()).isEqualTo(before);
    assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.FAILED);
  }

  private void assertRefused(ErrorCode code, String message) {
    assertThatThrownBy(() -> new Rollback(context, cutover).run())
        .isInstanceOfSatisfying(
            ReshardingException.class, e -> assertThat(e.errorCode()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private long arrived() throws SQLException {
    PlannedTable orders =
        plan.tables().stream().filter(table -> table.name().equals("orders")).findFirst().get();
    try (Connection connection = context.endpoint("shard-1").connect("test");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT count(*) FROM orders o WHERE "
                    + plan.oldRouting(orders, "o").ownedBy("shard-0")
                    + " AND "
                    + plan.newRouting(orders, "o").ownedBy("shard-1"))) {
      row.next();
      return row.getLong(1);
    }
  }

  private void sql(String statement, Object... values) {
    system
        .control()
        .call("play", jdbi -> jdbi.withHandle(handle -> handle.execute(statement, values)));
  }

  private static void execute(Connection connection, String... commands) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String command : commands) {
        statement.execute(command);
      }
    }
  }
}
