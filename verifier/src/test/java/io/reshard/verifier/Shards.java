package io.reshard.verifier;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.control.VerificationStore;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import io.reshard.core.postgres.Credentials;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.routing.RoutingSql;
import io.reshard.core.shard.Heartbeat;
import io.reshard.core.shard.ShardSchema;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/**
 * A migration whose copy is done, on an embedded server: shard-0 keeps a part of its keys, shard-1
 * is retired, shard-2 gets rows from both and shard-3 from shard-1.
 */
final class Shards {
  static final String ORDERS = "public.orders";
  static final String ITEMS = "public.items";
  static final String KINDS = "public.kinds";
  static final String RATES = "public.rates";
  static final int RATES_ROWS = 40;

  static final List<String> SOURCES = List.of("shard-0", "shard-1");
  static final List<String> TARGETS = List.of("shard-2", "shard-3");

  private static final List<String> TABLES =
      List.of(
          "CREATE TABLE orders (id bigint PRIMARY KEY, customer bigint NOT NULL, status text,"
              + " amount numeric, factor float8, twice bigint GENERATED ALWAYS AS (id * 2) STORED)",
          "CREATE TABLE items (sku text, line integer, customer bigint NOT NULL, note text,"
              + " PRIMARY KEY (sku, line))",
          "CREATE TABLE kinds (id bigint PRIMARY KEY, customer bigint NOT NULL, note text,"
              + " empty text, amount numeric, at timestamptz, list integer[], document jsonb,"
              + " padded character(8), span interval, bytes bytea)",
          "CREATE TABLE rates (id bigint PRIMARY KEY, note text)");

  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static EmbeddedPostgres server;

  private final String prefix;
  private final Plan plan;
  private final Secrets secrets;

  /**
   * What differs between tests.
   *
   * @param url of the only server
   * @param sourceReplica where the sources are read instead, or null
   * @param targetReplica where the targets are
   * @param sourceDatabase how the sources' databases are created
   * @param targetDatabase how the targets' are
   * @param reference whether a reference table is moved, too
   */
  record Setup(
      String url,
      String sourceReplica,
      String targetReplica,
      String sourceDatabase,
      String targetDatabase,
      boolean reference) {
    static Setup plain() throws IOException {
      return new Setup(
          "jdbc:postgresql://127.0.0.1:" + server().getPort() + "/", null, null, "", "", false);
    }

    /** On a server of which there are replicas. */
    static Setup replicated(String url, String sourceReplica, String targetReplica) {
      return new Setup(url, sourceReplica, targetReplica, "", "", false);
    }

    Setup withReference() {
      return new Setup(url, sourceReplica, targetReplica, sourceDatabase, targetDatabase, true);
    }

    Setup databases(String ofSources, String ofTargets) {
      return new Setup(url, sourceReplica, targetReplica, ofSources, ofTargets, reference);
    }
  }

  private Shards(Setup setup) {
    this.prefix = "t" + NUMBER.incrementAndGet() + "_";
    this.plan =
        plan(
            List.of(
                new Node("node-1", setup.url(), "postgres", null, setup.sourceReplica()),
                new Node("node-2", setup.url(), "postgres", null, setup.targetReplica())),
            setup.reference());
    Credentials login = new Credentials("postgres", "secret-of-the-node");
    this.secrets =
        new Secrets(
            Map.of("node-1", login, "node-2", login),
            new Secrets.Control(
                plan.source().nodes().get(0).url() + prefix + "control", "postgres", "secret"));
  }

  /** Fills both sides with {@code rows} orders and as many items, in databases of their own. */
  static Shards start(int rows) throws IOException, SQLException {
    return start(Setup.plain(), rows);
  }

  static Shards start(Setup setup, int rows) throws IOException, SQLException {
    Shards shards = new Shards(setup);
    shards.run("", "CREATE DATABASE " + shards.prefix + "control");
    new ControlDatabase(shards.secrets.control().endpoint()).migrate();
    for (String shard : shards.plan.shardIds()) {
      String options = SOURCES.contains(shard) ? setup.sourceDatabase() : setup.targetDatabase();
      shards.run("", "CREATE DATABASE \"" + shards.prefix + shard + "\" " + options);
      shards.run(shard, TABLES.toArray(String[]::new));
    }
    shards.load(rows);
    shards.copy();
    return shards;
  }

  private static synchronized EmbeddedPostgres server() throws IOException {
    if (server == null) {
      server =
          EmbeddedPostgres.builder()
              .setServerConfig("fsync", "off")
              .setServerConfig("max_connections", "200")
              .start();
    }
    return server;
  }

  private Plan plan(List<Node> nodes, boolean reference) {
    List<TableRule> rules =
        new ArrayList<>(
            List.of(
                new TableRule(ORDERS, "customer", false),
                new TableRule(ITEMS, "customer", false),
                new TableRule(KINDS, "customer", false)));
    Routing routing = new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES);
    Topology source =
        new Topology(
            1, routing, nodes, List.of(shard("shard-0", "-80"), shard("shard-1", "80-")), rules);
    Topology target =
        new Topology(
            2,
            routing,
            nodes,
            List.of(shard("shard-0", "-40"), shard("shard-2", "40-c0"), shard("shard-3", "c0-")),
            rules);
    List<PlannedTable> tables = new ArrayList<>(ownedTables());
    List<Split> splits = splits();
    List<MigrationStep> steps =
        new ArrayList<>(
            List.of(
                new MigrationStep("shard-0", "shard-2", "40-80", 0, 0),
                new MigrationStep("shard-1", "shard-2", "80-c0", 0, 0),
                new MigrationStep("shard-1", "shard-3", "c0-", 0, 0)));
    if (reference) {
      rules.add(new TableRule(RATES, null, true));
      tables.add(
          table(
              "rates",
              List.of(new Column("id", "bigint", false), new Column("note", "text", false)),
              List.of("id"),
              null));
      steps.add(new MigrationStep("shard-0", "shard-3", "reference tables", 0, 0));
      splits.add(new Split(splits.size(), 3, "shard-0", null, List.of("20"), 20));
      splits.add(new Split(splits.size(), 3, "shard-0", List.of("20"), null, 20));
    }
    return new Plan(
        Plan.FORMAT, "op-1", source, target, List.of(), tables, steps, splits, 0, 0, List.of());
  }

  private static List<PlannedTable> ownedTables() {
    PlannedTable orders =
        table(
            "orders",
            List.of(
                new Column("id", "bigint", false),
                new Column("customer", "bigint", false),
                new Column("status", "text", false),
                new Column("amount", "numeric", false),
                new Column("factor", "double precision", false),
                new Column("twice", "bigint", true)),
            List.of("id"));
    PlannedTable items =
        table(
            "items",
            List.of(
                new Column("sku", "text", false),
                new Column("line", "integer", false),
                new Column("customer", "bigint", false),
                new Column("note", "text", false)),
            List.of("sku", "line"));
    PlannedTable kinds =
        table(
            "kinds",
            List.of(
                new Column("id", "bigint", false),
                new Column("customer", "bigint", false),
                new Column("note", "text", false),
                new Column("empty", "text", false),
                new Column("amount", "numeric", false),
                new Column("at", "timestamp with time zone", false),
                new Column("list", "integer[]", false),
                new Column("document", "jsonb", false),
                new Column("padded", "character(8)", false),
                new Column("span", "interval", false),
                new Column("bytes", "bytea", false)),
            List.of("id"));
    return List.of(orders, items, kinds);
  }

  private static List<Split> splits() {
    List<Split> splits = new ArrayList<>();
    for (String source : SOURCES) {
      List<String> lower = null;
      for (int bound = 200; bound <= 1000; bound += 200) {
        List<String> upper = bound == 1000 ? null : List.of(Integer.toString(bound));
        splits.add(new Split(splits.size(), 0, source, lower, upper, 200));
        lower = upper;
      }
      splits.add(new Split(splits.size(), 1, source, null, List.of("sku-5"), 500));
      splits.add(new Split(splits.size(), 1, source, List.of("sku-5"), null, 500));
      splits.add(new Split(splits.size(), 2, source, null, List.of("5000"), 500));
      splits.add(new Split(splits.size(), 2, source, List.of("5000"), null, 500));
    }
    return splits;
  }

  private Shard shard(String id, String range) {
    String node = SOURCES.contains(id) ? "node-1" : "node-2";
    return new Shard(id, node, prefix + id, ShardStatus.ACTIVE, KeyRange.parse(range), null);
  }

  private static PlannedTable table(String name, List<Column> columns, List<String> key) {
    return table(name, columns, key, "customer");
  }

  private static PlannedTable table(
      String name, List<Column> columns, List<String> key, String shardKey) {
    return new PlannedTable(
        "public",
        name,
        columns,
        key,
        shardKey,
        true,
        List.of(),
        new IndexDefinition(name + "_pkey", ""),
        List.of(),
        List.of(),
        1_000,
        100_000);
  }

  private void load(int rows) throws SQLException {
    for (String source : SOURCES) {
      run(
          source,
          "INSERT INTO orders (id, customer, status, amount, factor) SELECT i, i, 'new',"
              + " i * 0.10, i / 7.0 FROM generate_series(1, "
              + rows
              + ") i WHERE "
              + owner(0, "source", source, "i::bigint"),
          "INSERT INTO items SELECT 'sku-' || i, i % 7, i, CASE WHEN i % 3 > 0 THEN 'note' END"
              + " FROM generate_series(1, "
              + rows
              + ") i WHERE "
              + owner(1, "source", source, "i::bigint"),
          "INSERT INTO kinds SELECT i, i, 'note ' || i, '', i * 0.10, '2024-01-01', '{1,2}',"
              + " '{\"a\": 1, \"b\": 2}', 'ab', i * '1 day 1 hour'::interval,"
              + " decode(md5(i::text), 'hex') FROM generate_series(1, "
              + rows
              + ") i WHERE "
              + owner(2, "source", source, "i::bigint"),
          "INSERT INTO rates SELECT i, 'note ' || i FROM generate_series(1, " + RATES_ROWS + ") i");
    }
  }

  private String owner(int table, String side, String shard, String column) {
    Topology topology = side.equals("source") ? plan.source() : plan.target();
    return new RoutingSql(topology, column, plan.tables().get(table).typeOf("customer"))
        .ownedBy(shard);
  }

  /** Copies what the steps move. */
  private void copy() throws SQLException, IOException {
    for (MigrationStep step : plan.steps()) {
      for (PlannedTable table : plan.tables()) {
        String columns = String.join(", ", table.copiedColumns());
        try (Connection source = connect(step.source());
            Connection target = connect(step.target())) {
          ByteArrayOutputStream rows = new ByteArrayOutputStream();
          copyManager(source)
              .copyOut(
                  "COPY (SELECT "
                      + columns
                      + " FROM "
                      + table.quotedName()
                      + " t WHERE "
                      + plan.oldRouting(table, "t").ownedBy(step.source())
                      + " AND "
                      + plan.newRouting(table, "t").ownedBy(step.target())
                      + ") TO STDOUT",
                  rows);
          copyManager(target)
              .copyIn(
                  "COPY " + table.quotedName() + " (" + columns + ") FROM STDIN",
                  new ByteArrayInputStream(rows.toByteArray()));
        }
      }
    }
  }

  private static CopyManager copyManager(Connection connection) throws SQLException {
    return connection.unwrap(PGConnection.class).getCopyAPI();
  }

  Plan plan() {
    return plan;
  }

  Secrets secrets() {
    return secrets;
  }

  ControlDatabase control() {
    return new ControlDatabase(secrets.control().endpoint());
  }

  /** Makes the heartbeats, so that the verification waits for a job. */
  void registerHeartbeats() throws SQLException {
    for (String source : SOURCES) {
      try (Connection connection = connect(source)) {
        ShardSchema.ensure(connection);
        Heartbeat.register(connection, plan.planId());
      }
    }
  }

  /** The migration job has copied all, has come as far as {@code frontier}, and runs. */
  void playJob(int attempt, long frontier) {
    for (PlannedTable table : plan.tables()) {
      tell(
          "INSERT INTO job_progress VALUES (?, 'table', ?, 0, 0, 1) ON CONFLICT DO NOTHING",
          plan.planId(),
          table.displayName());
    }
    tell(
        "INSERT INTO job_attempt (operation_id, generation, execution, attempt)"
            + " VALUES (?, 1, 'played ' || ?, ?)",
        plan.planId(),
        attempt,
        attempt);
    tell(
        "INSERT INTO job_progress VALUES (?, 'frontier', '0/1', 1, ?, ?)",
        plan.planId(),
        attempt,
        frontier);
  }

  /** Runs a statement on the control database. */
  int tell(String sql, Object... values) {
    return control().call("play", jdbi -> jdbi.withHandle(handle -> handle.execute(sql, values)));
  }

  String database(String shard) {
    return prefix + shard;
  }

  Connection connect(String shard) throws SQLException {
    return DriverManager.getConnection(
        plan.source().nodes().get(0).url() + (shard.isEmpty() ? "postgres" : prefix + shard),
        "postgres",
        "postgres");
  }

  int run(String shard, String... statements) throws SQLException {
    int rows = 0;
    try (Connection connection = connect(shard);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
        rows += Math.max(0, statement.getUpdateCount());
      }
    }
    return rows;
  }

  /** One value; the first {@code id} of a target's orders, for example. */
  String value(String shard, String sql) throws SQLException {
    try (Connection connection = connect(shard);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  VerificationReport verify() throws Exception {
    return verify(VerificationMode.COUNT_AND_CHECKSUM, Duration.ofSeconds(10));
  }

  /** Runs the job on a cluster inside this process and returns what it has written. */
  VerificationReport verify(VerificationMode mode, Duration wait) throws Exception {
    return verify(mode, wait, 100);
  }

  /** The same, naming up to {@code samples} keys of each split and step. */
  VerificationReport verify(VerificationMode mode, Duration wait, int samples) throws Exception {
    String run = UUID.randomUUID().toString();
    return verify(new Verification(plan, secrets, run, mode, samples, true, wait));
  }

  /** Begins a run by counts and checksums, or goes on with it. */
  VerificationReport verify(String run) throws Exception {
    return verify(
        new Verification(
            plan,
            secrets,
            run,
            VerificationMode.COUNT_AND_CHECKSUM,
            10,
            true,
            Duration.ofMillis(200)));
  }

  private VerificationReport verify(Verification verification) throws Exception {
    StreamExecutionEnvironment environment = Submission.environment();
    environment.setParallelism(2);
    List<Split> open = VerificationJob.openSplits(plan, verification, false);
    VerificationJob.build(environment, plan, open, verification);
    environment.execute(Submission.jobName(verification));
    return new VerificationStore(control())
        .report(plan, verification.run(), 100 * verification.samples());
  }
}
