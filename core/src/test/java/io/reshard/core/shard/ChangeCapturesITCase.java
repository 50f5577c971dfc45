package io.reshard.core.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.TestServer;
import io.reshard.core.control.CaptureRecord;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobRegistry;
import io.reshard.core.control.TestControl;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two sources, each on a node of its own. */
class ChangeCapturesITCase {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String NOWHERE = "jdbc:postgresql://127.0.0.1:1/";

  private String first;
  private String second;
  private ControlDatabase control;
  private JobRegistry registry;

  @BeforeEach
  void createShards() throws SQLException {
    first = source();
    second = source();
    control = TestControl.create();
    registry = new JobRegistry(control);
    registry.nextGeneration(first);
  }

  private static String source() throws SQLException {
    String database = TestServer.createDatabase();
    TestServer.run(database, "CREATE TABLE item (id bigint PRIMARY KEY)");
    return database;
  }

  @Test
  void aSourceThatIsDownKeepsNoSlotOnTheOthers() throws SQLException {
    captures(TestServer.nodeUrl()).create(PATIENCE);
    assertThat(slots(first)).isEqualTo(1);
    assertThat(slots(second)).isEqualTo(1);

    assertThatThrownBy(() -> captures(NOWHERE).drop())
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE))
        .hasMessageContaining("the change capture on shard-0 cannot be dropped");
    assertThat(slots(second)).isZero();
    assertThat(registry.captures(first))
        .extracting(CaptureRecord::source)
        .containsExactly("shard-0");

    captures(TestServer.nodeUrl()).drop();
    assertThat(slots(first)).isZero();
    assertThat(registry.captures(first)).isEmpty();
  }

  /** A slot would not deliver what it has written, and nobody else reads it. */
  @ParameterizedTest
  @ValueSource(strings = {"COMMIT", "ROLLBACK"})
  void anOpenTransactionKeepsTheSlotFromBeingReady(String end) throws SQLException {
    try (Connection open = TestServer.connect(second);
        Statement statement = open.createStatement()) {
      statement.execute("SET application_name = 'report'");
      statement.execute("BEGIN");
      statement.execute("INSERT INTO item VALUES (1)");
      assertThatThrownBy(() -> captures(TestServer.nodeUrl()).create(Duration.ofMillis(500)))
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.SLOT_CREATION_BLOCKED))
          .hasMessageContaining("(report, open since");
      // Recorded before they were made, so a rollback finds them.
      assertThat(registry.captures(first)).hasSize(2);
      statement.execute(end);
    }
    captures(TestServer.nodeUrl()).create(PATIENCE);
    assertThat(slots(first) + slots(second)).isEqualTo(2);
    captures(TestServer.nodeUrl()).drop();
  }

  private ChangeCaptures captures(String firstNode) {
    return new ChangeCaptures(plan(firstNode), TestServer.secrets("node-0", "node-1"), control);
  }

  private static int slots(String database) throws SQLException {
    try (Connection connection = TestServer.connect(database);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()")) {
      row.next();
      return row.getInt(1);
    }
  }

  private Plan plan(String firstNode) {
    return new Plan(
        Plan.FORMAT,
        first,
        topology(1, firstNode, shard(0, first, "-80"), shard(1, second, "80-")),
        topology(2, firstNode, shard(2, "none", "-")),
        List.of(),
        List.of(
            new PlannedTable(
                "public",
                "item",
                List.of(new Column("id", "bigint", false)),
                List.of("id"),
                "id",
                true,
                List.of(),
                new IndexDefinition("item_pkey", "none"),
                List.of(),
                List.of(),
                0,
                0)),
        List.of(
            new MigrationStep("shard-0", "shard-2", "-80", 0, 0),
            new MigrationStep("shard-1", "shard-2", "80-", 0, 0)),
        List.of(),
        0,
        0,
        List.of());
  }

  private static Topology topology(long version, String firstNode, Shard... shards) {
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(
            new Node("node-0", firstNode, "postgres", null, null),
            new Node("node-1", TestServer.nodeUrl(), "postgres", null, null)),
        List.of(shards),
        List.of(new TableRule("public.item", "id", false)));
  }

  private static Shard shard(int number, String database, String range) {
    return new Shard(
        "shard-" + number,
        "node-" + Math.min(number, 1),
        database,
        ShardStatus.ACTIVE,
        KeyRange.parse(range),
        null);
  }
}
