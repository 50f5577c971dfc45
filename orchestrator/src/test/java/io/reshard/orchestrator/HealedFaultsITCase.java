package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.VerificationReport;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.routing.RoutingSql;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.phase.Repair;
import io.reshard.orchestrator.state.Phase;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A thousand faults of each of eight kinds, among the rows that came to a kept target: a repair
 * mends them all. Another kept target owns rows with the same primary keys: they stay as they are.
 * What the target held before the faults were planted is compared as text.
 */
@Tag("cluster")
@Tag("long")
class HealedFaultsITCase {
  private static final int EACH = 1_000;
  private static final int ROWS = 27_000;
  private static final TableRule RULE = new TableRule("public.kinds", "customer", false);
  private static final String TABLE =
      "CREATE TABLE kinds (id bigint PRIMARY KEY, customer bigint NOT NULL, note text, empty text,"
          + " amount numeric, at timestamptz, list integer[])";
  private static final String VALUES =
      "'note of ' || k.customer, '', k.customer * 0.10, timestamptz '2024-01-01 00:00:00+00'"
          + " + k.customer * interval '1 second', ARRAY[k.customer::integer, 2]";
  private static final String TEXT = "SELECT k::text FROM kinds k ORDER BY id";

  /** With where each row lies and which transaction wrote it. */
  private static final String VERSIONS =
      "SELECT ctid || ' ' || xmin || ' ' || k::text FROM kinds k WHERE customer = %d ORDER BY id";

  @TempDir private Path folder;

  private EmbeddedMigration migration;
  private Topology before;
  private Topology after;
  private long kept;

  @Test
  void mendsEveryPlantedFaultAndTouchesNothingElse() throws Exception {
    try (EmbeddedMigration started = EmbeddedMigration.start(folder, 3, 60, TABLE)) {
      migration = started;
      fill();
      migration.to(2, RULE);
      List<String> expected = new ArrayList<>(migration.query("shard-1", TEXT));
      expected.addAll(migration.query("shard-2", TEXT));
      migration.drive(Phase.REPLICATING);
      List<String> onShard0 = migration.query("shard-0", TEXT);
      List<String> onShard1 = migration.query("shard-1", TEXT);
      List<String> versions = migration.query("shard-0", VERSIONS.formatted(kept));
      assertThat(versions).hasSizeGreaterThan(4 * EACH);
      assertThat(onShard1.stream().sorted().toList())
          .isEqualTo(expected.stream().sorted().toList());
      plant();
      askForRowsThatTheTargetOwns();

      VerificationReport report =
          new Repair(migration.context(), migration.context().cluster().orElseThrow()).run();

      assertThat(report.consistent()).as("%s", report).isTrue();
      assertThat(report.strays()).isEmpty();
      assertThat(migration.query("shard-1", TEXT)).isEqualTo(onShard1);
      assertThat(migration.query("shard-0", TEXT)).isEqualTo(onShard0);
      assertThat(migration.query("shard-0", VERSIONS.formatted(kept))).isEqualTo(versions);
    }
  }

  /** Shard-2 is given up to shard-1, and shard-0 gets some of shard-1's rows. */
  private void fill() throws SQLException {
    before = migration.system().topology(1, 3);
    after = migration.system().topology(2, 2);
    for (String shard : List.of("shard-0", "shard-1", "shard-2")) {
      migration.run(
          migration.system().endpoint(before, shard),
          insert("k.customer", "k.customer", owned(before, shard)));
    }
    Endpoint shard0 = migration.system().endpoint(before, "shard-0");
    String staying = owned(before, "shard-0") + " AND " + owned(after, "shard-0");
    kept = Long.parseLong(migration.query(shard0, "SELECT k.customer " + numbers(staying)).get(0));
    migration.run(
        shard0,
        insert(
            "k.customer",
            Long.toString(kept),
            owned(before, "shard-2") + " AND k.customer % 3 > 0"));
  }

  private static String insert(String id, String customer, String condition) {
    return "INSERT INTO kinds SELECT " + id + ", " + customer + ", " + VALUES + numbers(condition);
  }

  private static String numbers(String condition) {
    return " FROM generate_series(1::bigint, " + ROWS + ") AS k (customer) WHERE " + condition;
  }

  private static String owned(Topology topology, String shard) {
    return "("
        + new RoutingSql(topology.withTables(List.of(RULE)), "k.customer", "bigint").ownedBy(shard)
        + ")";
  }

  private void plant() throws SQLException {
    Deque<String> free =
        new ArrayDeque<>(migration.query("shard-2", "SELECT id FROM kinds ORDER BY id % 3, id"));
    List<String> strays = take(free);
    migration.run("shard-1", "DELETE FROM kinds WHERE id" + in(strays));
    migration.run("shard-0", insert("k.customer", "k.customer", "k.customer" + in(strays)));
    migration.run(
        "shard-1",
        "DELETE FROM kinds WHERE id" + in(take(free)),
        "INSERT INTO kinds SELECT id + 10000000, customer FROM kinds WHERE id" + in(take(free)),
        change("note = overlay(note placing '!' from 5 for 1)", free),
        change("empty = NULL", free),
        change("amount = (amount::text || '0')::numeric", free),
        change("at = 'infinity'", free),
        change("list = '[0:1]={1,2}'", free));
  }

  private static String change(String change, Deque<String> free) {
    return "UPDATE kinds SET " + change + " WHERE id" + in(take(free));
  }

  private static List<String> take(Deque<String> free) {
    List<String> ids = new ArrayList<>();
    while (ids.size() < EACH) {
      ids.add(free.remove());
    }
    return ids;
  }

  private static String in(List<String> ids) {
    return " = ANY ('{" + String.join(",", ids) + "}')";
  }

  /** As if the target had taken these keys itself since the verification named them. */
  private void askForRowsThatTheTargetOwns() throws SQLException {
    Plan plan = migration.plan();
    int table = plan.tables().stream().map(PlannedTable::displayName).toList().indexOf(RULE.name());
    migration.run(
        "shard-0",
        "INSERT INTO reshard.refetch (operation_id, table_number, source, key)"
            + " SELECT '%s', %d, %d, ARRAY[id::text] FROM kinds WHERE customer = %d"
                .formatted(plan.planId(), table, plan.shardOrdinal("shard-1"), kept));
  }
}
