package io.reshard.orchestrator.bench;

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
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Four servers with one table, {@code public.item}, over {@value #SOURCES} shards, and a topology
 * in which all of it lives on {@value #TARGETS} new ones. Sources are on two of the servers,
 * targets and the control database on the others.
 */
final class BenchShards implements AutoCloseable {
  private static final int PER_SIDE = 2;
  static final int SOURCES = 2;
  static final int TARGETS = 4;

  /** How many targets share the rows of one source. */
  static final int TARGETS_PER_SOURCE = TARGETS / SOURCES;

  static final String CONTROL = "control";

  private final long rows;
  private final BenchTable table;
  private final List<EmbeddedPostgresServer> servers = new ArrayList<>();
  private final ControlDatabase control;
  private final Secrets secrets;
  private final Plan plan;
  private final long planMillis;

  /** The same with narrow rows and integer keys. */
  BenchShards(long rows, int indexes) throws SQLException {
    this(rows, new BenchTable(BenchTable.Key.BIGINT, BenchTable.Width.NARROW, indexes));
  }

  /** Starts the servers and loads them. */
  BenchShards(long rows, BenchTable table) throws SQLException {
    this.rows = rows;
    this.table = table;
    ServerOptions options =
        ServerOptions.defaults()
            .setting("max_connections", "200")
            .setting("max_replication_slots", "40")
            .setting("max_wal_senders", "40")
            .setting("max_logical_replication_workers", "40")
            .setting("max_worker_processes", "40")
            .setting("max_sync_workers_per_subscription", "2")
            .setting("shared_buffers", "512MB")
            .setting("max_wal_size", "8GB")
            // Neither it nor a checkpoint of what one peer wrote falls into the time of the next.
            .setting("autovacuum", "off");
    try {
      for (int server = 0; server < 2 * PER_SIDE; server++) {
        servers.add(EmbeddedPostgresServer.start(options));
      }
      targetServer(0).createDatabase(CONTROL);
      Topology before = topology(1, "source", 0, SOURCES);
      Secrets.Control login =
          new Secrets.Control(targetServer(0).url(CONTROL), EmbeddedPostgresServer.USER, null);
      control = new ControlDatabase(login.endpoint()).migrate();
      secrets = Secrets.of(List.of(before), login);
      for (int source = 0; source < SOURCES; source++) {
        load(source, before.shards().get(source).keyRange());
      }
      new TopologyStore(control).initialize(before);
      long begun = System.nanoTime();
      plan =
          new Planner(secrets, PlannerOptions.defaults())
              .plan(before, topology(2, "target", PER_SIDE, TARGETS));
      planMillis = (System.nanoTime() - begun) / 1_000_000;
    } catch (SQLException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private Topology topology(long version, String name, int firstServer, int shards) {
    List<Shard> all = new ArrayList<>();
    long step = Long.divideUnsigned(-1L, shards) + 1;
    for (int index = 0; index < shards; index++) {
      KeyRange range = new KeyRange(step * index, index == shards - 1 ? 0 : step * (index + 1));
      String id = name + "-" + index;
      String node = "node-" + (firstServer + index % PER_SIDE);
      all.add(new Shard(id, node, name + "_" + index, ShardStatus.ACTIVE, range, null));
    }
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        IntStream.range(0, servers.size())
            .mapToObj(
                index ->
                    new Node(
                        "node-" + index,
                        servers.get(index).url(""),
                        EmbeddedPostgresServer.USER,
                        null,
                        null))
            .toList(),
        all,
        List.of(new TableRule("public.item", "id", false)));
  }

  private void load(int source, KeyRange range) throws SQLException {
    sourceServer(source).createDatabase(sourceDatabase(source));
    List<String> statements = new ArrayList<>();
    statements.add(table.create());
    statements.add(table.load(0, rows, range));
    statements.addAll(table.createIndexes());
    statements.add("VACUUM ANALYZE public.item");
    for (String statement : statements) {
      execute(sourceServer(source), sourceDatabase(source), statement);
    }
  }

  /** Leaves nothing to be written of what has been done so far. */
  void checkpoint() throws SQLException {
    for (EmbeddedPostgresServer server : servers) {
      execute(server, "postgres", "CHECKPOINT");
    }
  }

  List<EmbeddedPostgresServer> servers() {
    return servers;
  }

  /** The server that holds the source with this number. */
  EmbeddedPostgresServer sourceServer(int number) {
    return servers.get(number % PER_SIDE);
  }

  /** The server that holds the target with this number. */
  EmbeddedPostgresServer targetServer(int number) {
    return servers.get(PER_SIDE + number % PER_SIDE);
  }

  static void execute(EmbeddedPostgresServer server, String database, String sql)
      throws SQLException {
    try (Connection connection = server.connection(database);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The first column of the first row. */
  static String value(EmbeddedPostgresServer server, String database, String query)
      throws SQLException {
    try (Connection connection = server.connection(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  static String sourceDatabase(int number) {
    return "source_" + number;
  }

  /** A session on a source. */
  Connection source(int number) throws SQLException {
    return sourceServer(number).connection(sourceDatabase(number));
  }

  /** How many rows were loaded, with numbers from 1 on. */
  long rows() {
    return rows;
  }

  /** The hashes of the keys that belong to a source. */
  KeyRange range(int source) {
    return plan.source().shards().get(source).keyRange();
  }

  BenchTable table() {
    return table;
  }

  ControlDatabase control() {
    return control;
  }

  Secrets secrets() {
    return secrets;
  }

  Plan plan() {
    return plan;
  }

  /** How long the planner took. */
  long planMillis() {
    return planMillis;
  }

  @Override
  public void close() {
    servers.forEach(EmbeddedPostgresServer::close);
  }
}
