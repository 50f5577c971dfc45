package io.reshard.planner;

import static io.reshard.planner.PreflightITCase.failed;
import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.TestServer;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Credentials;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.Topology;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Servers, roles and databases that a migration cannot work with. */
class PreflightServersITCase {
  private static final String TABLE =
      "CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL, note text)";

  private String first;

  @BeforeEach
  void createDatabase() throws SQLException {
    first = TestServer.createDatabase();
  }

  @Test
  void refusesANodeThatCannotReplicateAndLacksRoles() throws SQLException {
    TestServer.run(first, "DROP ROLE IF EXISTS only_here", "CREATE ROLE only_here", TABLE);
    TestServer.run(first, "GRANT SELECT ON t TO only_here");
    ServerOptions poor =
        ServerOptions.fast()
            .setting("wal_level", "replica")
            .setting("max_replication_slots", "0")
            .setting("max_wal_senders", "0");
    try (EmbeddedPostgresServer server = EmbeddedPostgresServer.start(poor)) {
      Plan plan = grow(new Node("node-2", server.url(""), "postgres", null, null), "app_1");
      assertThat(failed(plan, "wal_level", "shard-1").detail()).isEqualTo("wal_level is replica");
      assertThat(failed(plan, "replication_slots", "shard-1").detail()).contains("0 free");
      assertThat(failed(plan, "wal_senders", "shard-1").detail()).contains("0 free");
      assertThat(failed(plan, "roles", "shard-1").detail())
          .isEqualTo("the role only_here does not exist");
    }
  }

  @Test
  void refusesAStandbyAsASource() throws SQLException {
    try (EmbeddedPostgresServer primary = EmbeddedPostgresServer.start(ServerOptions.fast())) {
      primary.createDatabase("app_0");
      try (Connection connection = primary.connection("app_0");
          Statement statement = connection.createStatement()) {
        statement.execute(TABLE);
      }
      try (EmbeddedPostgresServer standby = primary.replica()) {
        Node node = new Node(TestTopology.NODE, standby.url(""), "postgres", null, null);
        Topology active = TestTopology.hash("t:customer").shard("shard-0", "app_0", "-").build();
        Topology target =
            TestTopology.hash("t:customer")
                .shard("shard-0", "app_0", "-80")
                .shard("shard-1", "app_1", "80-")
                .build();
        Plan plan =
            new Planner(TestServer.secrets(TestTopology.NODE), PlannerOptions.defaults())
                .plan(on(node, active), on(node, target));
        assertThat(failed(plan, "primary_server", "shard-0").detail())
            .isEqualTo("the server is a standby");
      }
    }
  }

  private static Topology on(Node node, Topology topology) {
    return new Topology(1, topology.routing(), List.of(node), topology.shards(), topology.tables());
  }

  @Test
  void refusesARoleThatMayDoLittleAndStillTellsAllElse() throws SQLException {
    TestServer.run(
        first,
        "DROP ROLE IF EXISTS weak",
        "CREATE ROLE weak LOGIN",
        TABLE,
        "CREATE TABLE hidden (id bigint PRIMARY KEY, customer bigint NOT NULL)",
        "GRANT SELECT ON hidden TO weak",
        "CREATE SEQUENCE hidden_ids OWNED BY hidden.id",
        "GRANT SELECT ON SEQUENCE hidden_ids TO weak",
        "ALTER TABLE hidden ENABLE ROW LEVEL SECURITY");
    Plan plan =
        new Planner(
                new Secrets(Map.of(TestTopology.NODE, new Credentials("weak", null)), null),
                PlannerOptions.defaults())
            .plan(
                TestTopology.hash("t:customer", "hidden:customer")
                    .shard("shard-0", first, "-")
                    .build(),
                TestTopology.hash("t:customer", "hidden:customer")
                    .shard("shard-0", first, "-80")
                    .shard("shard-1", TestServer.freshName(), "80-")
                    .build());
    assertThat(failed(plan, "replication_role", "shard-0").remedy())
        .isEqualTo("ALTER ROLE \"weak\" REPLICATION");
    assertThat(failed(plan, "session_replication_role", "shard-1").detail())
        .contains("may not set");
    assertThat(failed(plan, "privileges", "shard-0").detail())
        .contains("may not create schemas", "does not own public.t", "may not read public.t")
        .contains("may not read and set public.hidden_ids");
    assertThat(failed(plan, "privileges", "shard-1").detail()).contains("may not create databases");
    assertThat(failed(plan, "row_security", "shard-0").detail()).contains("public.hidden");
  }

  @Test
  void refusesAnotherEncodingOrLocale() throws SQLException {
    TestServer.run(first, TABLE);
    String latin = TestServer.freshName();
    TestServer.run(
        "postgres",
        "CREATE DATABASE " + latin + " ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    assertThat(failed(grow(node(TestTopology.NODE), latin), "database_locale", "shard-1").detail())
        .startsWith("the encoding is LATIN1, but UTF8 on shard-0");
    String german = TestServer.freshName();
    TestServer.run(
        "postgres",
        "CREATE DATABASE "
            + german
            + " LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C' TEMPLATE template0");
    assertThat(failed(grow(node(TestTopology.NODE), german), "database_locale", "shard-1").detail())
        .contains("the locale is 'i C C de', but ");
  }

  @Test
  void refusesTwoShardsInOneDatabase() throws SQLException {
    TestServer.run(first, TABLE);
    assertThat(failed(grow(node("node-2"), first), "distinct_databases", "shard-1").detail())
        .isEqualTo("the shard is in the same database as shard-0");
  }

  @Test
  void refusesExtensionsThatATargetLacks() throws SQLException {
    TestServer.run(
        first,
        "CREATE EXTENSION citext",
        TABLE,
        "ALTER TABLE t ADD name citext",
        // No server of these tests lacks an extension that another one has.
        "SET allow_system_table_mods = on;"
            + " UPDATE pg_extension SET extname = 'made_here' WHERE extname = 'citext'");
    assertThat(
            failed(grow(node(TestTopology.NODE), TestServer.freshName()), "extensions", "shard-1")
                .detail())
        .isEqualTo("the extension made_here is not available");
  }

  @Test
  void refusesSubscriptionsThatWriteToASource() throws SQLException {
    TestServer.run(
        first,
        TABLE,
        "CREATE SUBSCRIPTION feed CONNECTION 'dbname=nowhere' PUBLICATION p"
            + " WITH (connect = false, slot_name = NONE)",
        "SET allow_system_table_mods = on; INSERT INTO pg_subscription_rel"
            + " SELECT oid, 't'::regclass, 'r', NULL FROM pg_subscription WHERE subname = 'feed'");
    Plan plan = grow(node(TestTopology.NODE), TestServer.freshName());
    assertThat(failed(plan, "subscriptions", "shard-0").detail())
        .isEqualTo("public.t is written by the subscription feed");
    TestServer.run(first, "DROP SUBSCRIPTION feed");
  }

  private static Node node(String id) {
    return new Node(id, TestServer.nodeUrl(), "postgres", null, null);
  }

  /** Half of the keys go to a shard on {@code node}. */
  private Plan grow(Node node, String database) {
    Topology active = TestTopology.hash("t:customer").shard("shard-0", first, "-").build();
    List<Node> nodes = new ArrayList<>(active.nodes());
    if (!node.id().equals(TestTopology.NODE)) {
      nodes.add(node);
    }
    KeyRange upper = KeyRange.parse("80-");
    List<Shard> shards =
        List.of(
            TestTopology.hash().shard("shard-0", first, "-80").build().shard("shard-0"),
            new Shard("shard-1", node.id(), database, ShardStatus.ACTIVE, upper, null));
    return new Planner(TestServer.secrets(TestTopology.NODE, "node-2"), PlannerOptions.defaults())
        .plan(active, new Topology(1, active.routing(), nodes, shards, active.tables()));
  }
}
