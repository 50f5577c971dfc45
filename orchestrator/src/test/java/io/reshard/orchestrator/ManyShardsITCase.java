package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.ServerOptions;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * From 32 to 64 shards on two servers until the targets are current, with everything that a shard
 * costs counted: sessions, slots and threads grow with the shards, not with the pairs of them.
 */
@Tag("cluster")
@Tag("long")
class ManyShardsITCase {
  private static final int SHARDS = 32;
  private static final long ORDERS = 6_400;

  @TempDir Path folder;

  @Test
  void sessionsSlotsAndThreadsStayWithinBounds() throws Exception {
    ServerOptions options =
        ServerOptions.fast()
            .setting("max_connections", "1000")
            .setting("max_replication_slots", "200")
            .setting("max_wal_senders", "200");
    LiveSystem system = LiveSystem.start(SHARDS, ORDERS, options);
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, system, SHARDS);
        Peaks peaks = new Peaks(system)) {
      migration.to(2 * SHARDS);
      migration.drive(Phase.REPLICATING);
      assertThat(migration.plan().steps()).hasSizeGreaterThan(SHARDS);
      assertThat(peaks.sampling).isNotDone();
      assertThat(peaks.sessions.get()).as("sessions of one server").isBetween(1L, 10L * SHARDS);
      assertThat(peaks.slots.get()).as("slots of one server").isBetween(1L, 2L * SHARDS);
      assertThat(peaks.threads.get()).as("threads").isLessThan(20L * SHARDS);
    }
  }

  /** The highest numbers that were seen. */
  private static final class Peaks implements AutoCloseable {
    private final AtomicLong sessions = new AtomicLong();
    private final AtomicLong slots = new AtomicLong();
    private final AtomicLong threads = new AtomicLong();
    private final ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor();
    private final LiveSystem system;
    private final Future<?> sampling;

    Peaks(LiveSystem system) {
      this.system = system;
      this.sampling = sampler.scheduleAtFixedRate(this::sample, 0, 200, TimeUnit.MILLISECONDS);
    }

    private void sample() {
      for (String node : new String[] {"node-1", "node-2"}) {
        try (Connection connection = system.server(node).connection("postgres");
            Statement statement = connection.createStatement();
            ResultSet row =
                statement.executeQuery(
                    "SELECT (SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE"
                        + " 'reshard%'), (SELECT count(*) FROM pg_replication_slots)")) {
          row.next();
          sessions.accumulateAndGet(row.getLong(1), Math::max);
          slots.accumulateAndGet(row.getLong(2), Math::max);
        } catch (SQLException e) {
          throw new IllegalStateException(e);
        }
      }
      threads.accumulateAndGet(ManagementFactory.getThreadMXBean().getThreadCount(), Math::max);
    }

    @Override
    public void close() {
      sampler.shutdownNow();
    }
  }
}
