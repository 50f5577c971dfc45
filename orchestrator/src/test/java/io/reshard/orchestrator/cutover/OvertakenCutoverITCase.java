package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.PendingShards;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.hook.Executable;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.phase.FakeCluster;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.Rollback;
import io.reshard.orchestrator.phase.RollbackReport;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.ServerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Race 15 of docs/architecture.md: a cutover that waits at its gate while a rollback comes, with a
 * job that is played. Each stands still where the test has it stand.
 */
class OvertakenCutoverITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path folder;
  private LiveSystem system;
  private OperationContext context;
  private OperationStore store;
  private final FencedCutover cutover = new FencedCutover(false);
  private final FakeCluster cluster = new FakeCluster();
  private final CompletableFuture<Void> removing = new CompletableFuture<>();
  private final CompletableFuture<Void> remove = new CompletableFuture<>();

  @BeforeEach
  void start() throws Exception {
    system = LiveSystem.start(1, 100, ServerOptions.fast());
    Plan plan = system.plan(2);
    ReshardingOptions options =
        ReshardingOptions.builder()
            .cutoverTimeout(PATIENCE)
            .onCutoverStarting(new Executable(gate()))
            .build();
    context =
        new OperationContext(
            plan,
            system.secrets(),
            system.control(),
            options,
            Optional.of(cluster),
            Optional.empty());
    store = new PostgresOperationStore(system.control());
    store.recordJob(
        NewOperation.create(system.control(), plan, options), JobID.generate().toHexString(), null);
    new PendingShards(plan, system.secrets()).create();
    for (PlannedTable table : plan.tables()) {
      run("shard-1", table.primaryKeyIndex().statement());
    }
    new ChangeCapture(plan, "shard-0", context.endpoint("shard-0")).create(PATIENCE);
    PlayedJob.reportCopy(system, plan);
    cluster.onCancel =
        job -> {
          removing.complete(null);
          remove.join();
        };
  }

  @AfterEach
  void stop() {
    remove.complete(null);
    system.close();
  }

  @Test
  void cannotSwitchOnceARollbackHasBegunToRemove() throws Exception {
    CompletableFuture<CutoverReport> switching = waitAtTheGate();
    CompletableFuture<RollbackReport> rollback =
        CompletableFuture.supplyAsync(() -> new Rollback(context, cutover).run());
    removing.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    openGate();
    assertThatThrownBy(switching::join)
        .hasMessageContaining(ErrorCode.CUTOVER_FAILED.code())
        .hasMessageContaining("is being rolled back");
    remove.complete(null);
    assertThat(rollback.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).topologyVersion()).isEqualTo(1);
    assertThat(store.get(context.operationId()).phase()).isEqualTo(Phase.ROLLED_BACK);
    run("shard-0", "UPDATE public.orders SET note = 'written'");
  }

  /** The attempt that has come first is undone, and only then anything is removed. */
  @Test
  void isUndoneIfItsAttemptIsOpen() throws Exception {
    run(
        "shard-0",
        "UPDATE reshard.heartbeat SET value = (extract(epoch FROM now()) * 1000)::bigint +"
            + " 3600000");
    CompletableFuture<CutoverReport> switching = waitAtTheGate();
    openGate();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> cutover.status(context).equals(Optional.of(CutoverStatus.OPEN)));
    remove.complete(null);
    assertThat(new Rollback(context, cutover).run().topologyVersion()).isEqualTo(1);
    assertThatThrownBy(switching::join).hasMessageContaining("resharding.");
    assertThat(cutover.status(context)).contains(CutoverStatus.CLOSED);
    assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(1);
    run("shard-0", "UPDATE public.orders SET note = 'written'");
  }

  private CompletableFuture<CutoverReport> waitAtTheGate() {
    CompletableFuture<CutoverReport> switching =
        CompletableFuture.supplyAsync(() -> cutover.run(context));
    Awaitility.await().atMost(PATIENCE).until(() -> Files.exists(folder.resolve("waiting")));
    return switching;
  }

  private Path gate() throws IOException {
    String script =
        "#!/bin/sh\ntouch '%1$s/waiting'\nwhile [ ! -e '%1$s/open' ]; do sleep 0.05; done\n"
            .formatted(folder);
    Path file = Files.writeString(folder.resolve("gate"), script);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  private void openGate() throws IOException {
    Files.createFile(folder.resolve("open"));
  }

  private void run(String shard, String sql) throws SQLException {
    try (Connection connection = context.endpoint(shard).connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
