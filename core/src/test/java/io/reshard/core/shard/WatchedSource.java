package io.reshard.core.shard;

import io.reshard.core.TestServer;
import io.reshard.core.control.CaptureRecord;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Endpoint;
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

/** A source with the tables "orders" and, partitioned, "events", whose change capture stands. */
final class WatchedSource implements AutoCloseable {
  static final String OWNER = "ordinary_owner";
  static final String SUPERUSER = "postgres";

  private static final String ROLE =
      "DO $$ BEGIN CREATE ROLE ordinary_owner LOGIN REPLICATION;"
          + " EXCEPTION WHEN duplicate_object THEN NULL; END $$";

  private final Endpoint endpoint;
  private final Plan plan;
  private final ChangeCapture capture;
  private CaptureRecord record;

  private WatchedSource(String database, String role) {
    endpoint = new Endpoint("shard-0", TestServer.nodeUrl() + database, role, "any");
    plan = plan(database);
    capture = new ChangeCapture(plan, "shard-0", endpoint);
  }

  /** The tables alone. */
  static WatchedSource tables(String role) throws SQLException {
    String database = TestServer.createDatabase();
    TestServer.run(
        database,
        ROLE,
        "CREATE TYPE mood AS ENUM ('good', 'bad')",
        "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, note text, mood"
            + " mood, code text CONSTRAINT orders_code UNIQUE)",
        "CREATE TABLE events (id bigint PRIMARY KEY, customer_id bigint) PARTITION BY RANGE (id)",
        "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000)",
        "CREATE TABLE other (id bigint PRIMARY KEY)",
        "ALTER TABLE orders OWNER TO " + role,
        "ALTER TABLE events OWNER TO " + role,
        "ALTER TABLE events_1 OWNER TO " + role,
        "ALTER TABLE other OWNER TO " + role,
        "ALTER TYPE mood OWNER TO " + role,
        "GRANT ALL ON DATABASE " + database + " TO " + role,
        "GRANT ALL ON SCHEMA public TO " + role);
    return new WatchedSource(database, role);
  }

  static WatchedSource watched(String role) throws SQLException {
    WatchedSource source = tables(role);
    source.begin();
    return source;
  }

  void begin() throws SQLException {
    record = capture.create(Duration.ofSeconds(30));
  }

  private static Plan plan(String database) {
    return new Plan(
        Plan.FORMAT,
        database,
        topology(1, shard(0, database, "-")),
        topology(2, shard(0, database, "-80"), shard(1, "none", "80-")),
        List.of(),
        List.of(
            table(
                "orders",
                column("id", "bigint"),
                column("customer_id", "bigint"),
                column("note", "text"),
                column("mood", "public.mood"),
                column("code", "text")),
            table("events", column("customer_id", "bigint"), column("id", "bigint"))),
        List.of(new MigrationStep("shard-0", "shard-1", "80-", 0, 0)),
        List.of(),
        0,
        0,
        List.of());
  }

  private static Column column(String name, String type) {
    return new Column(name, type, false);
  }

  private static PlannedTable table(String name, Column... columns) {
    return new PlannedTable(
        "public",
        name,
        List.of(columns),
        List.of("id"),
        "customer_id",
        true,
        List.of(),
        new IndexDefinition(name + "_pkey", "none"),
        List.of(),
        List.of(),
        0,
        0);
  }

  private static Shard shard(int number, String database, String range) {
    return new Shard(
        "shard-" + number, "node-1", database, ShardStatus.ACTIVE, KeyRange.parse(range), null);
  }

  private static Topology topology(long version, Shard... shards) {
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(new Node("node-1", TestServer.nodeUrl(), "postgres", null, null)),
        List.of(shards),
        List.of(
            new TableRule("public.orders", "customer_id", false),
            new TableRule("public.events", "customer_id", false)));
  }

  /** What a heartbeat and the fence do. */
  void check() throws SQLException {
    try (Connection connection = endpoint.connect("test")) {
      new SchemaWatch(plan, "shard-0").check(connection);
    }
  }

  /** A session of the application. */
  void run(String... statements) throws SQLException {
    try (Connection connection = endpoint.connect("application");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  long count(String query) throws SQLException {
    try (Connection connection = endpoint.connect("test");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  void end() throws SQLException {
    capture.drop(record);
  }

  @Override
  public void close() throws SQLException {
    capture.drop(capture.names());
  }
}
