package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.PendingShards;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What an application does that a cutover must get past, or may not begin with; the job is played.
 */
class ApplicationInTheWayITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** Open transactions are given 400 ms; the rest is for a loaded machine. */
  private static final long WINDOW_MILLIS = 10_000;

  private static final String CHANGE = "UPDATE public.orders SET note = 'held' WHERE id % 3 = 0";

  private final FencedCutover cutover = new FencedCutover(false);
  private LiveSystem system;
  private Plan plan;
  private OperationContext context;

  @BeforeEach
  void start() throws SQLException {
    system = LiveSystem.start(2, 200, ServerOptions.fast().maxPreparedTransactions(2));
    plan = system.plan(3);
    context =
        new OperationContext(
            plan,
            system.secrets(),
            system.control(),
            ReshardingOptions.builder()
                .cutoverTimeout(PATIENCE)
                .cdcLagThreshold(PATIENCE.multipliedBy(2))
                .build(),
            Optional.empty(),
            Optional.empty());
    new PendingShards(plan, system.secrets()).create();
    for (PlannedTable table : plan.tables()) {
      run("shard-2", table.primaryKeyIndex().statement());
    }
    for (String source : plan.sources()) {
      new ChangeCapture(plan, source, context.endpoint(source)).create(PATIENCE);
    }
    PlayedJob.reportCopy(system, plan);
    run("shard-0", "CREATE ROLE shop LOGIN", "GRANT ALL ON ALL TABLES IN SCHEMA public TO shop");
  }

  @AfterEach
  void stop() {
    system.close();
  }

  @Test
  void aTransactionThatIsHeldOpenIsEndedAndNothingOfItIsCommitted() throws SQLException {
    try (Connection held = open()) {
      CutoverReport report = cutover.run(context);
      assertThat(report.switched()).isTrue();
      assertThat(report.readOnlyMillis()).isBetween(400L, WINDOW_MILLIS);
      assertThatThrownBy(held::commit).isInstanceOf(SQLException.class);
    }
    assertThat(held("shard-0")).isZero();
    assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(2);
  }

  /** It comes behind the gate, which waits for a short lag just then. */
  @Test
  void aPreparedTransactionCannotBeEndedAndRestoresTheOriginal() throws SQLException {
    PlayedJob.reportFrontier(system, plan, System.currentTimeMillis() - 20_000);
    CompletableFuture<CutoverReport> running =
        CompletableFuture.supplyAsync(() -> cutover.run(context));
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> cutover.status(context).equals(Optional.of(CutoverStatus.OPEN)));
    try (Connection held = open();
        Statement prepare = held.createStatement()) {
      prepare.execute("PREPARE TRANSACTION 'left-behind'");
      PlayedJob.reportFrontier(system, plan, System.currentTimeMillis() + 60_000);
      assertThatThrownBy(running::join)
          .cause()
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_FAILED))
          .hasMessageContaining("shard-0")
          .hasMessageContaining("could not be ended");
      assertRestored();
      held.setAutoCommit(true);
      prepare.execute("COMMIT PREPARED 'left-behind'");
    }
    assertThat(held("shard-0")).isPositive();
  }

  @Test
  void theGateRefusesAPreparedTransaction() throws SQLException {
    try (Connection held = open();
        Statement prepare = held.createStatement()) {
      prepare.execute("PREPARE TRANSACTION 'left-behind'");
      held.setAutoCommit(true);
      assertRefused("shard-0 has the prepared transaction 'left-behind'");
      prepare.execute("ROLLBACK PREPARED 'left-behind'");
    }
    assertThat(cutover.run(context).switched()).isTrue();
  }

  @Test
  void theGateRefusesANativeSubscription() throws SQLException {
    run(
        "shard-1",
        "CREATE SUBSCRIPTION feed CONNECTION 'host=127.0.0.1 port=1 dbname=none'"
            + " PUBLICATION none WITH (connect = false)",
        "ALTER SUBSCRIPTION feed ENABLE");
    assertRefused("shard-1 has the native subscription 'feed'");
    run("shard-1", "ALTER SUBSCRIPTION feed DISABLE");
    assertThat(cutover.run(context).switched()).isTrue();
    run("shard-1", "ALTER SUBSCRIPTION feed SET (slot_name = NONE)", "DROP SUBSCRIPTION feed");
  }

  /** A row of the other source: nobody moves it, and the clean-up would not find it. */
  @Test
  void theGateRefusesAStray() throws SQLException {
    String key = text("shard-1", "SELECT max(customer_id) FROM public.customer");
    run("shard-0", "INSERT INTO public.customer VALUES (" + key + ", 'stray')");
    assertRefused("shard-0 holds a row of public.customer that it does not own (shard key " + key);
    run("shard-0", "DELETE FROM public.customer WHERE customer_id = " + key);
    assertThat(cutover.run(context).switched()).isTrue();
  }

  /** A transaction of the application, with an ordinary role, that has written. */
  private Connection open() throws SQLException {
    Endpoint shard = context.endpoint("shard-0");
    Connection connection =
        new Endpoint(shard.name(), shard.url(), "shop", null).connect("application");
    connection.setAutoCommit(false);
    try (Statement write = connection.createStatement()) {
      assertThat(write.executeUpdate(CHANGE)).isPositive();
    }
    return connection;
  }

  private void assertRefused(String reason) throws SQLException {
    assertThatThrownBy(() -> cutover.run(context))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_ABORTED))
        .hasMessageContaining(reason);
    assertThat(cutover.rehearse(context).gate()).contains(reason);
    assertThat(cutover.status(context)).isEmpty();
    assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(1);
  }

  private void assertRestored() throws SQLException {
    assertThat(cutover.status(context)).contains(CutoverStatus.ABORTED);
    assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(1);
    for (String source : plan.sources()) {
      run(source, "INSERT INTO public.audit (customer_id, action) VALUES (1, 'written')");
    }
  }

  private long held(String shard) throws SQLException {
    return Long.parseLong(text(shard, "SELECT count(*) FROM public.orders WHERE note = 'held'"));
  }

  private String text(String shard, String query) throws SQLException {
    try (Connection connection = context.endpoint(shard).connect("test");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  private void run(String shard, String... statements) throws SQLException {
    try (Connection connection = context.endpoint(shard).connect("test");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
