package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.PendingShards;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.testkit.ServerOptions;
import io.reshard.testkit.StopMode;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A drain that never ends: the job is played, and its frontier stands still. */
class CutoverUndoITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private LiveSystem system;
  private OperationContext context;
  private final FencedCutover cutover = new FencedCutover(false);

  @BeforeEach
  void start() throws SQLException {
    system = LiveSystem.start(1, 500, ServerOptions.fast());
    Plan plan = system.plan(2);
    new PendingShards(plan, system.secrets()).create();
    context =
        new OperationContext(
            plan,
            system.secrets(),
            system.control(),
            ReshardingOptions.builder().cutoverTimeout(PATIENCE).build(),
            Optional.empty(),
            Optional.empty());
    for (PlannedTable table : plan.tables()) {
      run("shard-1", table.primaryKeyIndex().statement());
    }
    new ChangeCapture(plan, "shard-0", context.endpoint("shard-0")).create(PATIENCE);
    PlayedJob.reportCopy(system, plan);
    // The fence's heartbeat is then an hour beyond the frontier.
    run(
        "shard-0",
        "UPDATE reshard.heartbeat SET value = (extract(epoch FROM now()) * 1000)::bigint +"
            + " 3600000");
  }

  @AfterEach
  void stop() {
    system.close();
  }

  @Test
  void aFrontierThatStandsStillEndsTheWindow() throws SQLException {
    long start = System.nanoTime();
    assertThatThrownBy(() -> cutover.run(context))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_FAILED))
        .hasMessageContaining("stood still");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE);
    assertUndone();
  }

  /** The fence must not stand any longer than the databases that can drop it are away. */
  @Test
  void theFenceFallsWhenTheControlDatabaseIsBack() throws SQLException {
    CompletableFuture<CutoverReport> running =
        CompletableFuture.supplyAsync(() -> cutover.run(context));
    Awaitility.await().atMost(PATIENCE).until(() -> fences() > 0);
    system.server("node-1").restart(StopMode.IMMEDIATE);
    assertThatThrownBy(running::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(ReshardingException.class);
    assertUndone();
  }

  /** A frozen server, or a host that is gone: nothing is answered, and no connection ends. */
  @Test
  void aControlDatabaseThatDoesNotAnswerEndsTheWindow() throws Exception {
    CompletableFuture<CutoverReport> running =
        CompletableFuture.supplyAsync(() -> cutover.run(context));
    Awaitility.await().atMost(PATIENCE).until(() -> fences() > 0);
    List<Long> sessions = controlSessions();
    try {
      signal("-STOP", sessions);
      assertThatThrownBy(() -> running.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
          .hasMessageContaining(ErrorCode.STATE_STORE_FAILED.code())
          .hasRootCauseInstanceOf(SocketTimeoutException.class);
      assertUndone();
    } finally {
      signal("-CONT", sessions);
    }
  }

  private List<Long> controlSessions() {
    return system
        .control()
        .call(
            "look for the window's session",
            jdbi ->
                jdbi.withHandle(
                    handle ->
                        handle
                            .createQuery(
                                "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                                    + " AND application_name = 'reshard control'")
                            .mapTo(Long.class)
                            .list()));
  }

  private static void signal(String name, List<Long> pids) throws Exception {
    assertThat(pids).isNotEmpty();
    for (long pid : pids) {
      Process kill = new ProcessBuilder("kill", name, Long.toString(pid)).start();
      assertThat(kill.waitFor()).isZero();
    }
  }

  /** What the writers find until the frontier has passed the fence is seen before the switch. */
  @Test
  void aWriteThatDoesNotReadBackEndsTheWindow() throws SQLException {
    assertStale(PlayedJob::reportMismatch, "do not read back as they were read");
  }

  /** A killed TaskManager may be noticed only now, long after the gate looked. */
  @Test
  void aJobThatStartsAgainEndsTheWindow() throws SQLException {
    assertStale(PlayedJob::restart, "the migration job was started again");
  }

  /** The driver verifies once more on this code, and tries again. */
  private void assertStale(BiConsumer<LiveSystem, Plan> meanwhile, String message)
      throws SQLException {
    CompletableFuture<CutoverReport> running =
        CompletableFuture.supplyAsync(() -> cutover.run(context));
    Awaitility.await().atMost(PATIENCE).until(() -> fences() > 0);
    meanwhile.accept(system, context.plan());
    PlayedJob.reportFrontier(system, context.plan(), Long.MAX_VALUE);
    assertThatThrownBy(running::join)
        .hasMessageContaining(message)
        .hasMessageContaining(ErrorCode.VERIFICATION_STALE.code());
    assertUndone();
  }

  private void assertUndone() throws SQLException {
    assertThat(fences()).isZero();
    assertThat(cutover.status(context)).contains(CutoverStatus.ABORTED);
    assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(1);
    run("shard-0", "UPDATE public.orders SET note = 'written'");
  }

  private long fences() throws SQLException {
    try (Connection connection = context.endpoint("shard-0").connect("test");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'reshard_fence%'")) {
      row.next();
      return row.getLong(1);
    }
  }

  private void run(String shard, String sql) throws SQLException {
    try (Connection connection = context.endpoint(shard).connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
