package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PreflightFinding;
import io.reshard.core.postgres.Credentials;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.EmbeddedCluster;
import io.reshard.orchestrator.phase.CleanUp;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.planner.Planner;
import io.reshard.planner.PlannerOptions;
import io.reshard.testkit.EmbeddedPostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A whole operation by the role of docs/operations.md, made by the statements that stand there. The
 * servers want TLS of it, and it wants to see their certificate.
 */
@Tag("cluster")
class LeastPrivilegeITCase {
  private static final String ROLE = "reshard";

  private static final Pattern STATEMENTS =
      Pattern.compile("```sql\\n(-- on every server.*?)```", Pattern.DOTALL);
  private static final String TABLES_BELONG_TO_THE_APPLICATION =
      """
      DO $$ DECLARE name text; BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN CREATE ROLE app LOGIN; END IF;
        FOR name IN SELECT c.oid::regclass::text FROM pg_class c
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
          EXECUTE format('ALTER TABLE %s OWNER TO app', name);
        END LOOP;
        ALTER SCHEMA public OWNER TO app;
      END $$
      """;

  @TempDir Path folder;

  private static void run(LiveSystem system, Topology topology, String shard, String sql)
      throws SQLException {
    try (Connection connection = system.endpoint(topology, shard).connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void runOnSecondServer(
      LiveSystem system, Topology wanted, String database, String sql) throws SQLException {
    try (Connection connection =
            system
                .secrets()
                .endpoint(wanted.nodeOf(wanted.shard("shard-1")), "node-2", database)
                .connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String documented() throws IOException {
    Matcher found = STATEMENTS.matcher(Files.readString(Path.of("..", "docs", "operations.md")));
    assertThat(found.find()).isTrue();
    return found.group(1);
  }

  @Test
  void doesAllOfItsWorkWithoutBeingASuperuser() throws Exception {
    try (LiveSystem system = LiveSystem.start(1, 300)) {
      TlsServers tls = new TlsServers(folder);
      tls.protect(system.server("node-1"), ROLE);
      tls.protect(system.server("node-2"), ROLE);
      Topology active = tls.of(new TopologyStore(system.control()).active());
      run(system, active, "shard-0", TABLES_BELONG_TO_THE_APPLICATION);
      run(system, active, "shard-0", documented().replace("a_database", "app_0"));
      Topology wanted = tls.of(system.topology(2, 2));
      runOnSecondServer(system, wanted, "postgres", "CREATE ROLE app LOGIN");
      runOnSecondServer(system, wanted, "postgres", "CREATE DATABASE app_1 OWNER app");
      runOnSecondServer(system, wanted, "app_1", documented().replace("a_database", "app_1"));
      Credentials role = new Credentials(ROLE, null);
      Secrets secrets =
          new Secrets(
              Map.of("node-1", role, "node-2", role),
              new Secrets.Control(
                  tls.url(system.control().endpoint().url()), EmbeddedPostgresServer.USER, null));
      Plan plan = new Planner(secrets, PlannerOptions.defaults()).plan(active, wanted);
      assertThat(plan.preflight()).allMatch(PreflightFinding::ok);
      String checkpoints = folder.resolve("checkpoints").toUri().toString();
      try (EmbeddedCluster cluster =
          EmbeddedCluster.start(
              EmbeddedCluster.ANY_PORT, folder.resolve("flink"), checkpoints, 2)) {
        ReshardingOptions options = ReshardingOptions.builder().build();
        NewOperation.create(system.control(), plan, options);
        OperationContext context =
            new OperationContext(
                plan, secrets, system.control(), options, Optional.of(cluster), Optional.empty());
        FencedCutover cutover = new FencedCutover();
        Operation switched = new OperationDriver(context, cutover).drive(Optional.empty());
        assertThat(switched.phase()).isEqualTo(Phase.CLEANING_UP);
        assertThat(new CleanUp(context, cutover).run().phase()).isEqualTo(Phase.COMPLETED);
      }
      try (Connection connection = system.endpoint(wanted, "shard-1").connect("test");
          Statement statement = connection.createStatement()) {
        statement.execute("SET ROLE app");
        assertThat(statement.executeUpdate("UPDATE orders SET note = 'written'")).isPositive();
        try (ResultSet row =
            statement.executeQuery("SELECT rolsuper FROM pg_roles WHERE rolname = 'reshard'")) {
          row.next();
          assertThat(row.getBoolean(1)).isFalse();
        }
      }
    }
  }
}
