package io.reshard.orchestrator;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.planner.Planner;
import io.reshard.planner.PlannerOptions;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ReferenceHash;
import io.reshard.testkit.ReferenceHash.KeyType;
import io.reshard.testkit.ServerOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/**
 * Two servers with shards of a schema that uses everything, and a database that holds all rows at
 * once: whatever is written to the shards is written there too, so it says what must be on them.
 */
final class FeatureShards implements AutoCloseable {
  /** The database that is no shard. */
  private static final String WHOLE = "whole";

  private static final String CONTROL = "control";

  /** A sharded table, its shard key, and how the server hashes it. */
  private record Table(String name, String shardKey, KeyType type) {
    String quoted() {
      return name.replaceFirst("shop\\.(.*)", "shop.\"$1\"");
    }
  }

  private static final List<Table> TABLES =
      List.of(
          new Table("shop.Customer", "id", KeyType.INT8),
          new Table("shop.item", "customer", KeyType.INT8),
          new Table("shop.by_text", "key", KeyType.TEXT),
          new Table("shop.by_german", "key", KeyType.TEXT),
          new Table("shop.by_uuid", "key", KeyType.UUID),
          new Table("shop.everything", "key", KeyType.INT8),
          new Table("shop.plain_types", "key", KeyType.INT8),
          new Table("shop.visit", "customer", KeyType.INT8));

  private final List<EmbeddedPostgresServer> servers;
  private final ControlDatabase control;
  private final Secrets secrets;

  private FeatureShards(List<EmbeddedPostgresServer> servers) throws SQLException, IOException {
    this.servers = servers;
    servers.get(0).createDatabase(CONTROL);
    Topology topology = topology(1, 2);
    Secrets.Control login =
        new Secrets.Control(servers.get(0).url(CONTROL), EmbeddedPostgresServer.USER, null);
    control = new ControlDatabase(login.endpoint()).migrate();
    secrets = Secrets.of(List.of(topology), login);
    for (EmbeddedPostgresServer server : servers) {
      execute(server, "postgres", "CREATE ROLE reader");
    }
    String schema = resource("every-feature.sql");
    servers.get(0).createDatabase(WHOLE);
    execute(servers.get(0), WHOLE, schema + resource("every-feature-rows.sql"));
    for (Shard shard : topology.shards()) {
      server(shard).createDatabase(shard.database());
      execute(server(shard), shard.database(), schema);
      load(shard);
    }
    new TopologyStore(control).initialize(topology);
  }

  static FeatureShards start() throws SQLException, IOException {
    List<EmbeddedPostgresServer> servers = new ArrayList<>();
    try {
      servers.add(EmbeddedPostgresServer.start(ServerOptions.fast()));
      servers.add(EmbeddedPostgresServer.start(ServerOptions.fast()));
      return new FeatureShards(servers);
    } catch (SQLException | IOException e) {
      servers.forEach(EmbeddedPostgresServer::close);
      throw e;
    }
  }

  /** Equal key ranges. */
  private Topology topology(long version, int shards) {
    List<Shard> all = new ArrayList<>();
    long step = Long.divideUnsigned(-1L, shards) & ~0xffffffffL;
    for (int index = 0; index < shards; index++) {
      KeyRange range = new KeyRange(step * index, index == shards - 1 ? 0 : step * (index + 1));
      String node = "node-" + (1 + index % 2);
      all.add(new Shard("shard-" + index, node, "app_" + index, ShardStatus.ACTIVE, range, null));
    }
    List<TableRule> rules = new ArrayList<>();
    TABLES.forEach(table -> rules.add(new TableRule(table.name(), table.shardKey(), false)));
    rules.add(new TableRule("shop.country", null, true));
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(node(1), node(2)),
        all,
        rules);
  }

  private Node node(int number) {
    String url = servers.get(number - 1).url("");
    return new Node("node-" + number, url, EmbeddedPostgresServer.USER, null, null);
  }

  /** The plan that leads from what is active to so many shards. */
  Plan plan(int shards) {
    Topology active = active();
    return new Planner(secrets, PlannerOptions.defaults().withCopyBatchSize(200))
        .plan(active, topology(active.version() + 1, shards));
  }

  ControlDatabase control() {
    return control;
  }

  Secrets secrets() {
    return secrets;
  }

  /** Lets the application write, to each active shard and to the whole. */
  void write() throws SQLException, IOException {
    String writes = resource("every-feature-writes.sql");
    execute(servers.get(0), WHOLE, writes.replaceAll("\\{.*?}", "true"));
    for (Shard shard : active().owners()) {
      String own = writes;
      for (Table table : TABLES) {
        own = own.replace("{" + table.name() + "}", owned(table, shard));
      }
      execute(server(shard), shard.database(), own);
    }
  }

  private Topology active() {
    return new TopologyStore(control).active();
  }

  /** Drops the databases of shards that were given up, as an operator would. */
  void dropRetired() throws SQLException {
    for (Shard shard : active().shards()) {
      if (shard.status() == ShardStatus.TO_BE_DELETED) {
        execute(server(shard), "postgres", "DROP DATABASE IF EXISTS " + shard.database());
      }
    }
  }

  /** What differs between the active shards and the whole, in words: nothing, if all is well. */
  List<String> differences() throws SQLException, IOException {
    List<String> differences = new ArrayList<>();
    for (Table table : TABLES) {
      String rows = "SELECT t::text FROM " + table.quoted() + " t";
      List<String> actual = new ArrayList<>();
      for (Shard shard : active().owners()) {
        List<String> here = query(server(shard), shard.database(), rows);
        List<String> owned =
            query(server(shard), shard.database(), rows + " WHERE " + owned(table, shard));
        if (here.size() != owned.size()) {
          differences.add(shard.id() + " holds rows of " + table.name() + " that it does not own");
        }
        actual.addAll(here);
      }
      compare(table.name(), query(servers.get(0), WHOLE, rows), actual, differences);
    }
    String country = "SELECT t::text FROM shop.country t";
    String catalog = resource("every-feature-catalog.sql");
    for (Shard shard : active().owners()) {
      for (String sql : List.of(country, catalog)) {
        compare(
            shard.id(),
            query(servers.get(0), WHOLE, sql),
            query(server(shard), shard.database(), sql),
            differences);
      }
    }
    return differences;
  }

  private static void compare(
      String what, List<String> expected, List<String> actual, List<String> differences) {
    List<String> missing = new ArrayList<>(expected);
    List<String> extra = new ArrayList<>(actual);
    actual.forEach(missing::remove);
    expected.forEach(extra::remove);
    missing.forEach(one -> differences.add(what + " lacks " + one));
    extra.forEach(one -> differences.add(what + " has " + one));
  }

  private static String owned(Table table, Shard shard) {
    return ReferenceHash.inKeyRange(
        "t." + table.shardKey(), table.type(), shard.keyRange().toString());
  }

  /** Copies a shard's rows out of the whole. */
  private void load(Shard shard) throws SQLException, IOException {
    try (Connection from = servers.get(0).connection(WHOLE);
        Connection to = server(shard).connection(shard.database())) {
      CopyManager source = from.unwrap(PGConnection.class).getCopyAPI();
      CopyManager target = to.unwrap(PGConnection.class).getCopyAPI();
      copy(source, target, "shop.country", "code, name", "true");
      for (Table table : TABLES) {
        String columns =
            query(
                    servers.get(0),
                    WHOLE,
                    "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attnum > 0"
                        + " AND attgenerated = '' AND attrelid = '"
                        + table.quoted()
                        + "'::regclass")
                .get(0);
        copy(source, target, table.quoted(), columns, owned(table, shard));
      }
    }
  }

  private static void copy(
      CopyManager source, CopyManager target, String table, String columns, String condition)
      throws SQLException, IOException {
    ByteArrayOutputStream rows = new ByteArrayOutputStream();
    source.copyOut(
        "COPY (SELECT " + columns + " FROM " + table + " t WHERE " + condition + ") TO STDOUT",
        rows);
    target.copyIn(
        "COPY " + table + " (" + columns + ") FROM STDIN",
        new ByteArrayInputStream(rows.toByteArray()));
  }

  private EmbeddedPostgresServer server(Shard shard) {
    return servers.get(shard.node().equals("node-1") ? 0 : 1);
  }

  private static void execute(EmbeddedPostgresServer server, String database, String sql)
      throws SQLException {
    try (Connection connection = server.connection(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static List<String> query(EmbeddedPostgresServer server, String database, String sql)
      throws SQLException {
    try (Connection connection = server.connection(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (row.next()) {
        rows.add(row.getString(1));
      }
      return rows;
    }
  }

  private static String resource(String name) throws IOException {
    try (InputStream file = FeatureShards.class.getResourceAsStream(name)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    servers.forEach(EmbeddedPostgresServer::close);
  }
}
