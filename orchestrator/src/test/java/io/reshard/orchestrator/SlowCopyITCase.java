package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.JobProgress;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.WriterOptions;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A split that takes longer, at the rate that is allowed, than a slot may keep its log. */
@Tag("long")
@Tag("cluster")
class SlowCopyITCase {
  private static final Throttle RATE = new Throttle(20_000L, null, null, null);
  private static final Duration WATCHED = Duration.ofSeconds(60);

  /** Some checkpoints, on a busy machine. A split of orders takes more than a minute. */
  private static final Duration KEPT_AT_MOST = Duration.ofSeconds(30);

  @TempDir private Path folder;

  /** Each server has a source and a target: all that is written there is one log. */
  @Test
  void sourcesKeepTheLogOfSomeCheckpointsHoweverSlowTheCopyIs() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, 30_000).to(3);
        LiveWriter writer =
            migration.system().write(WriterOptions.defaults().withWritesPerSecond(200))) {
      ThrottleStore throttles = new ThrottleStore(migration.context().control());
      throttles.set(migration.plan().planId(), RATE);
      CompletableFuture<Operation> driving =
          CompletableFuture.supplyAsync(() -> migration.drive(Phase.REPLICATING));
      JobProgress progress =
          new JobProgress(migration.context().control(), migration.plan().planId());
      Awaitility.await()
          .atMost(Duration.ofMinutes(3))
          .until(() -> progress.completedTables().contains("public.customer"));
      try (Log first = new Log(migration.system().server("node-1"));
          Log second = new Log(migration.system().server("node-2"))) {
        Awaitility.await()
            .pollInterval(Duration.ofMillis(500))
            .atMost(WATCHED.plusMinutes(1))
            .during(WATCHED)
            .until(() -> first.isKeptBriefly() && second.isKeptBriefly());
      }
      assertThat(progress.completedTables()).doesNotContain("public.orders");

      throttles.set(migration.plan().planId(), Throttle.NONE);
      driving.join();
      assertThat(migration.drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
      writer.stop();
      HistoryReport history = migration.system().check(writer.history(), migration.plan().target());
      assertThat(history.consistent()).as("%s", history).isTrue();
    }
  }

  /** The log of a server, and when its positions were reached. */
  private static final class Log implements AutoCloseable {
    private record Position(long nanos, long lsn) {}

    private final Connection connection;
    private final Deque<Position> passed = new ArrayDeque<>();

    Log(EmbeddedPostgresServer server) throws SQLException {
      connection = server.connection("postgres");
    }

    /** Fails with the time that the slots keep, if that is too long. */
    boolean isKeptBriefly() throws SQLException {
      try (Statement statement = connection.createStatement();
          // A slot can move on only where the running transactions were logged, which the server
          // does by itself every 15 seconds.
          ResultSet row =
              statement.executeQuery(
                  "SELECT pg_log_standby_snapshot() - '0/0', pg_current_wal_lsn() - '0/0',"
                      + " min(restart_lsn) - '0/0', count(*) FROM pg_replication_slots")) {
        row.next();
        assertThat(row.getInt(4)).isPositive();
        long now = System.nanoTime();
        passed.add(new Position(now, row.getLong(2)));
        while (passed.peek().lsn() < row.getLong(3)) {
          passed.remove();
        }
        assertThat(Duration.ofNanos(now - passed.peek().nanos()))
            .as("the log that slots keep, in time")
            .isLessThan(KEPT_AT_MOST);
        return true;
      }
    }

    @Override
    public void close() throws SQLException {
      connection.close();
    }
  }
}
