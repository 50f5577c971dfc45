package io.reshard.job.copy;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.Epoch;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.shard.ShardSchema;
import io.reshard.core.shard.TargetEpoch;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.job.Migration;
import io.reshard.testkit.EmbeddedPostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class CopyTrackerITCase {
  private static final String OPERATION = "op-1";

  /**
   * The race of a failover while indexes are due: (1) an attempt has claimed the target; (2) the
   * next attempt starts, and its tracker opens before any of its writers has claimed; (3) the
   * tracker builds the indexes that its state says are due. It must not take the older attempt's
   * claim for a later one's, which would end the job for good.
   */
  @Test
  void anAttemptThatOpensBeforeItsWritersBuildsIndexes() throws Exception {
    try (EmbeddedPostgresServer server = EmbeddedPostgresServer.start()) {
      for (String database : List.of("control", "app_0", "app_1")) {
        server.createDatabase(database);
      }
      Plan plan = plan(server);
      Secrets.Control login =
          new Secrets.Control(server.url("control"), EmbeddedPostgresServer.USER, null);
      new ControlDatabase(login.endpoint()).migrate();
      Migration migration = new Migration(plan, Secrets.of(List.of(plan.source()), login), 1);
      Epoch older = migration.epoch("older");
      try (Connection target = server.connection("app_1");
          Statement statement = target.createStatement()) {
        ShardSchema.ensure(target);
        statement.execute("CREATE TABLE public.item (id bigint NOT NULL)");
        TargetEpoch.claim(target, OPERATION, older, "shard-1");
      }

      OneInputStreamOperatorTestHarness<SplitCommitted, TableCopied> tracker =
          new OneInputStreamOperatorTestHarness<>(new CopyTrackerFactory(migration, List.of()));
      try {
        tracker.open();
        tracker.getTaskMailbox().take(0).run();
        assertThat(tracker.extractOutputValues()).hasSize(1);
      } finally {
        tracker.close();
      }
      assertThat(primaryKeys(server)).isEqualTo(1);
    }
  }

  private static int primaryKeys(EmbeddedPostgresServer server) throws SQLException {
    try (Connection target = server.connection("app_1");
        Statement statement = target.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT count(*) FROM pg_index WHERE indrelid = 'public.item'::regclass")) {
      row.next();
      return row.getInt(1);
    }
  }

  private static Plan plan(EmbeddedPostgresServer server) {
    PlannedTable table =
        new PlannedTable(
            "public",
            "item",
            List.of(new Column("id", "bigint", false)),
            List.of("id"),
            "id",
            true,
            List.of(),
            new IndexDefinition("item_pkey", "ALTER TABLE public.item ADD PRIMARY KEY (id)"),
            List.of(),
            List.of(),
            0,
            0);
    return new Plan(
        Plan.FORMAT,
        OPERATION,
        topology(server, 1, shard(0, "-")),
        topology(server, 2, shard(0, "-80"), shard(1, "80-")),
        List.of(),
        List.of(table),
        List.of(new MigrationStep("shard-0", "shard-1", "80-", 0, 0)),
        List.of(),
        0,
        0,
        List.of());
  }

  private static Topology topology(EmbeddedPostgresServer server, long version, Shard... shards) {
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(new Node("node-1", server.url(""), EmbeddedPostgresServer.USER, null, null)),
        List.of(shards),
        List.of(new TableRule("public.item", "id", false)));
  }

  private static Shard shard(int number, String range) {
    return new Shard(
        "shard-" + number,
        "node-1",
        "app_" + number,
        ShardStatus.ACTIVE,
        KeyRange.parse(range),
        null);
  }
}
