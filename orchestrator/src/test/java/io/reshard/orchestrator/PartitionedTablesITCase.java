package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.plan.PreflightFinding;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.CleanUp;
import io.reshard.orchestrator.phase.Rollback;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.WriterOptions;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Partitioned tables, which refer to each other, move through their roots and come back. */
@Tag("cluster")
class PartitionedTablesITCase {
  private static final long ORDERS = 5_000;
  private static final WriterOptions LOAD = WriterOptions.defaults().withWritesPerSecond(200);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** The writers change primary keys, and new ones are high: rows go from range to range. */
  private static final String[] PARTITIONED = {
    "ALTER TABLE order_items DROP CONSTRAINT order_items_order_id_fkey",
    "ALTER TABLE orders RENAME TO all_orders",
    "CREATE TABLE orders (LIKE all_orders INCLUDING DEFAULTS) PARTITION BY RANGE (id)",
    "CREATE TABLE orders_low PARTITION OF orders FOR VALUES FROM (1) TO (2000)"
        + " PARTITION BY HASH (id)",
    "CREATE TABLE orders_low_0 PARTITION OF orders_low FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
    "CREATE TABLE orders_low_1 PARTITION OF orders_low FOR VALUES WITH (MODULUS 2, REMAINDER 1)"
        + " WITH (fillfactor = 80)",
    "CREATE TABLE orders_high PARTITION OF orders FOR VALUES FROM (2000) TO (4000)",
    "CREATE TABLE orders_rest PARTITION OF orders DEFAULT",
    "INSERT INTO orders SELECT * FROM all_orders",
    "DROP TABLE all_orders",
    "ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY (id)",
    "CREATE INDEX orders_customer_created ON orders (customer_id, created_at)",
    "CREATE INDEX \"an ON ONLY index\" ON orders_high (created_at)",
    "ALTER TABLE orders_rest ADD CONSTRAINT own CHECK (version > 0)",
    "ALTER TABLE order_items RENAME TO all_items",
    "CREATE TABLE order_items (LIKE all_items) PARTITION BY LIST (line)",
    "CREATE TABLE first_items PARTITION OF order_items FOR VALUES IN (1)",
    "CREATE TABLE other_items PARTITION OF order_items DEFAULT",
    "INSERT INTO order_items SELECT * FROM all_items",
    "DROP TABLE all_items",
    "ALTER TABLE order_items ADD CONSTRAINT order_items_pkey PRIMARY KEY (order_id, line)",
    "ALTER TABLE order_items ADD CONSTRAINT order_items_order_id_fkey"
        + " FOREIGN KEY (order_id) REFERENCES orders",
    // A new shard counts in the rhythm of another, whose rows it may meet on the way back.
    "ALTER TABLE audit ALTER id SET DEFAULT (random() * 9e15)::bigint",
    "ANALYZE orders, order_items"
  };

  /** The definition of both trees. */
  private static final String TREES =
      """
      WITH tree AS (SELECT c.* FROM pg_class c WHERE oid IN (SELECT relid
        FROM unnest('{orders,order_items}'::regclass[]) t, pg_partition_tree(t)))
      SELECT format('%s %s %s %s %s', oid::regclass, pg_get_partkeydef(oid),
        pg_get_expr(relpartbound, oid), reloptions, relreplident) FROM tree
      UNION ALL SELECT pg_get_indexdef(indexrelid) || indisvalid FROM pg_index
        WHERE indrelid IN (SELECT oid FROM tree)
      UNION ALL SELECT format('%s %s %s', conrelid::regclass, pg_get_constraintdef(oid), convalidated)
        FROM pg_constraint WHERE conrelid IN (SELECT oid FROM tree)
      ORDER BY 1
      """;

  /** Rows that are not where the bounds above want them, whatever the server thinks. */
  private static final String MISPLACED =
      """
      SELECT tableoid::regclass || ' holds ' || id FROM orders WHERE tableoid::regclass::text NOT LIKE
        CASE WHEN id < 1 OR id >= 4000 THEN 'orders_rest' WHEN id < 2000 THEN 'orders_low__'
          ELSE 'orders_high' END
      UNION ALL SELECT tableoid::regclass || ' holds ' || order_id FROM order_items
        WHERE tableoid::regclass::text <> CASE line WHEN 1 THEN 'first_items' ELSE 'other_items' END
      """;

  private static final String LEFT =
      "SELECT tgname || tgrelid::regclass FROM pg_trigger WHERE tgname LIKE 'reshard%truncate'";

  @TempDir Path folder;

  @Test
  void moveThroughTheirRoots() throws SQLException {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, ORDERS, PARTITIONED);
        LiveWriter writer = migration.system().write(LOAD)) {
      migration.to(3);
      assertThat(migration.plan().preflight()).allMatch(PreflightFinding::ok);
      migration.drive(Phase.COPYING);
      assertRefused(migration, "TRUNCATE first_items");
      assertRefused(migration, "ALTER TABLE order_items DETACH PARTITION other_items");
      migration.drive(null);
      assertRefused(migration, "TRUNCATE first_items");
      for (String shard : List.of("shard-1", "shard-2")) {
        assertThat(migration.query(shard, TREES)).isEqualTo(migration.query("shard-0", TREES));
      }
      writeOn(writer);
      new CleanUp(migration.context(), new FencedCutover()).run();
      assertNothingIsLost(migration, writer);
    }
  }

  @Tag("long")
  @Test
  void comeBack() throws SQLException {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, ORDERS, PARTITIONED);
        LiveWriter writer = migration.system().write(LOAD)) {
      migration.to(3).drive(null);
      writeOn(writer);
      new Rollback(migration.context(), new FencedCutover()).run();
      writeOn(writer);
      assertNothingIsLost(migration, writer);
    }
  }

  private static void assertRefused(EmbeddedMigration migration, String statement) {
    assertThatThrownBy(() -> migration.run("shard-0", statement))
        .hasMessageContaining("is refused");
  }

  private static void writeOn(LiveWriter writer) {
    long writes = writer.report().writes();
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              writer.checkHealthy();
              assertThat(writer.report().writes()).isGreaterThan(writes + 100);
            });
  }

  private static void assertNothingIsLost(EmbeddedMigration migration, LiveWriter writer)
      throws SQLException {
    writer.stop();
    Topology active = new TopologyStore(migration.system().control()).active();
    HistoryReport history = migration.system().check(writer.history(), active);
    assertThat(history.consistent()).as("%s", history).isTrue();
    for (Shard shard : active.owners()) {
      assertThat(migration.query(shard.id(), MISPLACED)).isEmpty();
      assertThat(migration.query(shard.id(), LEFT)).isEmpty();
    }
  }
}
