package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.Retention;
import io.reshard.orchestrator.phase.Rollback;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.WriterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A rollback after the switch that fails, and one that is killed at one point after another. A lock
 * that the test holds makes the process stop there, so that no point is missed.
 */
@Tag("cluster")
class WayBackKillITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final WriterOptions LOAD =
      WriterOptions.defaults().withWritesPerSecond(200).withRetryTimeout(PATIENCE);

  @TempDir Path folder;
  private EmbeddedMigration migration;
  private LiveWriter writer;
  private String back;

  @BeforeEach
  void switchToThree() throws SQLException {
    migration = EmbeddedMigration.start(folder, 2, 3_000).to(3);
    writer = migration.system().write(LOAD);
    migration.drive(null);
    back = migration.plan().reversed().planId();
  }

  @AfterEach
  void stop() {
    writer.close();
    migration.close();
  }

  @Test
  void losesNothingWhereverItIsInterrupted() throws Exception {
    String frontier =
        "SELECT 1 FROM reshard.job_progress WHERE kind = 'frontier' AND operation_id = '%s' FOR UPDATE"
            .formatted(back);
    Callable<Boolean> fenced = () -> fences() > 0;
    awaitReverseJob();

    try (Hold drain = hold(control(), frontier)) {
      assertThat(drain.rows()).isPositive();
      ReshardingOptions impatient =
          ReshardingOptions.builder()
              .cutoverTimeout(Duration.ofSeconds(3))
              .cdcLagThreshold(PATIENCE)
              .cleanupRetention(Duration.ZERO)
              .build();
      assertThatThrownBy(() -> new Rollback(with(impatient), new FencedCutover()).run())
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.ROLLBACK_FAILED))
          .hasMessageContaining("drain");
      assertNewTopologyTakesWrites();

      kill(rollback(), fenced);
      assertThat(status()).isEqualTo(CutoverStatus.OPEN);
      Retention resumed = new Retention(with(impatient), new FencedCutover());
      assertThat(resumed.keep().phase()).isEqualTo(Phase.CLEANING_UP);
      assertNewTopologyTakesWrites();
    }

    Process revoking = rollback();
    Hold revocation;
    try (Hold drain = hold(control(), frontier)) {
      assertThat(drain.rows()).isPositive();
      // Held from the fence on: before it, the attempt above is restored, which needs this row.
      await(revoking, fenced);
      revocation =
          hold(
              migration.endpoint("shard-0"),
              "SELECT 1 FROM reshard.epoch WHERE operation_id = '%s' FOR SHARE".formatted(back));
    }
    try (revocation) {
      kill(revoking, revocation::blocks);
    }
    assertThat(status()).isEqualTo(CutoverStatus.OPEN);
    try (Hold control = hold(control(), "SELECT 1 FROM reshard.active_topology FOR SHARE")) {
      kill(rollback(), control::blocks);
    }
    assertThat(activeVersion()).isEqualTo(2);

    Path suicide = Files.writeString(folder.resolve("swap"), "#!/bin/sh\nkill -9 $PPID\n");
    assertThat(suicide.toFile().setExecutable(true)).isTrue();
    Process switching = rollback("--on-switch", suicide.toString());
    assertThat(switching.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(status()).isEqualTo(CutoverStatus.SWITCHED);
    assertThat(activeVersion()).isEqualTo(3);

    String captures =
        "SELECT 1 FROM reshard.change_capture WHERE operation_id = '%s' FOR SHARE".formatted(back);
    try (Hold removal = hold(control(), captures)) {
      kill(rollback(), removal::blocks);
    }
    new Rollback(migration.context(), new FencedCutover()).run();

    assertNothingIsLost();
  }

  private void assertNothingIsLost() throws SQLException {
    writer.checkHealthy();
    awaitWrites();
    writer.stop();
    HistoryReport history =
        migration
            .system()
            .check(writer.history(), new TopologyStore(migration.system().control()).active());
    assertThat(history.consistent()).as("%s", history).isTrue();
    for (String shard : List.of("shard-0", "shard-1")) {
      assertThat(migration.query(shard, "SELECT slot_name FROM pg_replication_slots")).isEmpty();
    }
  }

  private OperationContext with(ReshardingOptions options) {
    OperationContext context = migration.context();
    return new OperationContext(
        context.plan(),
        context.secrets(),
        context.control(),
        options,
        context.cluster(),
        context.onSwitch());
  }

  private Endpoint control() {
    return migration.system().control().endpoint();
  }

  private CutoverStatus status() {
    return new FencedCutover().status(migration.context().reversed()).orElseThrow();
  }

  private long activeVersion() {
    return new TopologyStore(migration.system().control()).activeVersion();
  }

  private long fences() throws SQLException {
    return migration
        .query("shard-2", "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'reshard_fence_%'")
        .size();
  }

  private void assertNewTopologyTakesWrites() throws SQLException {
    assertThat(activeVersion()).isEqualTo(2);
    assertThat(fences()).isZero();
    writer.checkHealthy();
    awaitWrites();
  }

  private void awaitWrites() {
    long before = writer.report().writes();
    Awaitility.await().atMost(PATIENCE).until(() -> writer.report().writes() > before + 50);
  }

  private void awaitReverseJob() {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              try (Hold frontier =
                  hold(
                      control(),
                      "SELECT 1 FROM reshard.job_progress WHERE kind = 'frontier'"
                          + " AND operation_id = '"
                          + back
                          + "'")) {
                return frontier.rows() > 0;
              }
            });
  }

  /** What {@code kill -9} does, as soon as the process has come to {@code point}. */
  private void kill(Process process, Callable<Boolean> point) throws Exception {
    try {
      await(process, point);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private void await(Process process, Callable<Boolean> point) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              assertThat(process.isAlive())
                  .as(() -> CommandProcess.said(folder, "rollback"))
                  .isTrue();
              return point.call();
            });
  }

  /** A rollback in a process of its own. */
  private Process rollback(String... more) throws IOException {
    return CommandProcess.start(migration, folder, "rollback", List.of(more));
  }

  private static Hold hold(Endpoint database, String query) throws SQLException {
    return new Hold(database.connect("test"), query);
  }

  /** Row locks that last until it is closed. */
  private static final class Hold implements AutoCloseable {
    private final Connection connection;
    private final int rows;

    Hold(Connection connection, String query) throws SQLException {
      this.connection = connection;
      connection.setAutoCommit(false);
      rows = count(query);
    }

    private int count(String query) throws SQLException {
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(query)) {
        int found = 0;
        while (row.next()) {
          found++;
        }
        return found;
      }
    }

    int rows() {
      return rows;
    }

    /** Whether another session waits for one of them. */
    boolean blocks() throws SQLException {
      // The statistics of other sessions are read once per transaction, unless they are cleared.
      count("SELECT pg_stat_clear_snapshot()");
      return count(
              "SELECT 1 FROM pg_stat_activity"
                  + " WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))")
          > 0;
    }

    @Override
    public void close() throws SQLException {
      connection.close();
    }
  }
}
