package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.Epoch;
import io.reshard.core.control.Throttle;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.demo.ClusterProcesses;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.planner.Planner;
import io.reshard.planner.PlannerOptions;
import io.reshard.testkit.ComparedTable;
import io.reshard.testkit.ComparisonReport;
import io.reshard.testkit.EndComparison;
import io.reshard.testkit.WriterOptions;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * TaskManagers killed at points that the test has made sure of: a lock or the throttle holds the
 * job there. Each run goes through the switch and ends with the writers' own history.
 */
@Tag("long")
@Tag("cluster")
class KillPointsITCase {
  private static final double WRITES_PER_SECOND = 200;

  private static final String WAITING =
      "SELECT count(*) FROM pg_locks WHERE NOT granted"
          + " AND relation IN ('orders'::regclass, 'order_items'::regclass)";

  @TempDir static Path folder;
  private static ClusterProcesses processes;

  @BeforeAll
  static void startCluster() throws Exception {
    processes =
        ClusterProcesses.start(
            folder.resolve("cluster"), List.of("metrics.fetcher.update-interval: 500"));
  }

  @AfterAll
  static void stopCluster() throws Exception {
    if (processes != null) {
      processes.close();
    }
  }

  @Test
  void whileSplitsAreBeingCopied() throws Exception {
    try (ClusterMigration migration =
        ClusterMigration.toThree(processes, 20_000, WRITES_PER_SECOND)) {
      migration.throttle(new Throttle(100_000L, null, null, null));
      migration.begin();
      migration.await(() -> migration.copiedRows() > 0);
      Epoch killed = kill(migration);

      assertThat(migration.isCopied()).as("the copy is over before it is to be killed").isFalse();
      migration.await(() -> migration.attempt().compareTo(killed) > 0);
      assertThat(migration.isCopied()).as("the copy goes on in the next attempt").isFalse();
      migration.throttle(Throttle.NONE);
      migration.awaitReplicated();
      migration.switchAndCheck();
    }
  }

  /**
   * All keys of the large tables change while no split may be begun, to what they are: the writers'
   * history knows nothing of it. A lock on the target then holds back who writes what is released.
   */
  @Test
  void whileParkedKeysAreBeingReleased() throws Exception {
    try (ClusterMigration migration =
        ClusterMigration.toThree(processes, 40_000, WRITES_PER_SECOND)) {
      migration.throttle(new Throttle(null, null, "SELECT 1", 0.0));
      migration.begin();
      migration.await(() -> migration.attempt().generation() > 0);
      ParkedKeys parked = new ParkedKeys(processes.address(), migration.jobId());
      for (String source : migration.plan().sources()) {
        try (Connection connection = connect(migration, source);
            Statement statement = connection.createStatement()) {
          // Nobody is waited for, so nothing can deadlock: what is locked is being changed anyway.
          statement.execute(
              "UPDATE orders SET version = version WHERE id IN"
                  + " (SELECT id FROM orders FOR NO KEY UPDATE SKIP LOCKED)");
          statement.execute(
              "UPDATE order_items SET quantity = quantity WHERE (order_id, line) IN"
                  + " (SELECT order_id, line FROM order_items FOR NO KEY UPDATE SKIP LOCKED)");
        }
      }
      migration.await(() -> parked.count() > 90_000);
      migration.throttle(Throttle.NONE);
      migration.await(migration::isCopied);
      Epoch killed;
      try (Connection target = connect(migration, "shard-2")) {
        target.setAutoCommit(false);
        try (Statement lock = target.createStatement()) {
          lock.execute("LOCK TABLE orders, order_items IN SHARE MODE");
        }
        migration.await(() -> number(target, WAITING) > 0);
        migration.await(() -> parked.count() < 90_000);
        assertThat(parked.count()).as("keys that are still parked").isPositive();
        killed = kill(migration);
      }
      migration.await(() -> migration.attempt().compareTo(killed) > 0);
      migration.awaitReplicated();
      migration.switchAndCheck();
    }
  }

  /**
   * The index is unique, and codes are passed on while the splits are read: it can only be built
   * once room has been made for it. Its expression waits for a lock from then on.
   */
  @Test
  void whileAUniqueIndexIsBeingBuiltThatRoomWasMadeFor() throws Exception {
    LiveSystem system = LiveSystem.start(2, 20_000);
    Plan plan = planWithSeats(system);
    AtomicBoolean stopped = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (ClusterMigration migration =
        new ClusterMigration(
            processes,
            system,
            plan,
            WriterOptions.defaults().withWritesPerSecond(WRITES_PER_SECOND))) {
      List<Future<Integer>> swaps = new ArrayList<>();
      for (String source : plan.sources()) {
        swaps.add(
            threads.submit(
                new UniqueValueSwaps(
                    migration.context().endpoint(source),
                    new UniqueValueSwaps.Rows("seat", "id", "code", 200),
                    1,
                    stopped)));
      }
      migration.throttle(new Throttle(100_000L, null, null, null));
      migration.begin();
      migration.await(() -> migration.attempt().generation() > 0);
      try (Connection target = connect(migration, "shard-2")) {
        try (Statement lock = target.createStatement()) {
          lock.execute("SELECT pg_advisory_lock(1)");
        }
        migration.await(() -> builder(target) != 0);
        long builder = builder(target);
        Epoch killed = kill(migration);
        migration.throttle(Throttle.NONE);

        migration.await(() -> migration.attempt().compareTo(killed) > 0);
        migration.await(() -> builder(target) != 0 && builder(target) != builder);
        migration.await(
            () -> migration.progress().completedTables().size() == plan.tables().size() - 1);
        assertThat(builder(target)).as("an index that is still being built").isPositive();
      }
      migration.awaitReplicated();
      stopped.set(true);
      for (Future<Integer> swap : swaps) {
        assertThat(swap.get()).isPositive();
      }
      migration.switchAndCheck();
      ComparisonReport seats =
          EndComparison.compare(
              system.owned(plan.source()),
              system.owned(plan.target()),
              List.of(new ComparedTable("public.seat", List.of("id"))));
      // Kept sources still hold what has moved away, as strays: the retention is not over.
      assertThat(seats.ownedRowsEqual()).as("%s", seats).isTrue();
    } finally {
      stopped.set(true);
      threads.shutdown();
    }
  }

  /** A table of wide rows, one for each customer, that is copied before all others. */
  private static Plan planWithSeats(LiveSystem system) throws SQLException {
    Topology active = system.topology(1, 2);
    for (String shard : List.of("shard-0", "shard-1")) {
      try (Connection connection = system.endpoint(active, shard).connect("test");
          Statement statement = connection.createStatement()) {
        statement.execute(
            "CREATE TABLE seat (id bigint PRIMARY KEY, customer_id bigint NOT NULL, code text,"
                + " filler text)");
        statement.execute(
            "INSERT INTO seat SELECT customer_id, customer_id, 'code ' || customer_id,"
                + " repeat('x', 1000) FROM customer");
        statement.execute(
            """
            CREATE FUNCTION public.held(code text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
            DECLARE noted boolean := false;
            BEGIN
              IF pg_catalog.to_regclass('reshard.refetch') IS NOT NULL THEN
                EXECUTE 'SELECT EXISTS (SELECT FROM reshard.refetch)' INTO noted;
              END IF;
              IF noted THEN
                PERFORM pg_catalog.pg_advisory_xact_lock_shared(1);
              END IF;
              RETURN code;
            END $$
            """);
        statement.execute("CREATE UNIQUE INDEX seat_code ON seat (public.held(code))");
        statement.execute("ANALYZE seat");
      }
    }
    List<TableRule> rules = new ArrayList<>();
    rules.add(new TableRule("public.seat", "customer_id", false));
    rules.addAll(active.tables());
    return new Planner(system.secrets(), PlannerOptions.defaults().withCopyBatchSize(100))
        .plan(active.withTables(rules), system.topology(2, 3).withTables(rules));
  }

  /** The session that builds an index of seats after room was made for it; 0 if there is none. */
  private static long builder(Connection target) throws SQLException {
    return number(
        target,
        "SELECT coalesce(max(pid), 0) FROM pg_stat_progress_create_index"
            + " WHERE relid = to_regclass('public.seat')"
            + " AND EXISTS (SELECT FROM reshard.refetch)");
  }

  /** Kills all TaskManagers and starts others; returns the attempt that died. */
  private static Epoch kill(ClusterMigration migration) throws Exception {
    Epoch attempt = migration.attempt();
    for (long pid : processes.taskManagers()) {
      ClusterProcesses.kill(pid);
    }
    processes.startMissing();
    return attempt;
  }

  private static Connection connect(ClusterMigration migration, String shard) throws SQLException {
    Endpoint endpoint = migration.context().endpoint(shard);
    return endpoint.connect("test");
  }

  private static long number(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }
}
