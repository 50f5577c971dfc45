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
import io.reshard.testkit.ReferenceHash;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Four servers with one table of narrow rows, {@code public.item}, over {@value #SOURCES} shards,
 * and a topology in which all of it lives on {@value #TARGETS} new ones. Sources are on two of the
 * servers, targets and the control database on the others.
 */
final class BenchShards implements AutoCloseable {
  private static final int PER_SIDE = 2;
  static final int SOURCES = 2;
  static final int TARGETS = 4;
  static final String TABLE =
      "CREATE TABLE public.item (id bigint PRIMARY KEY, kind int NOT NULL, n int NOT NULL,"
          + " changed timestamptz NOT NULL, note text NOT NULL)";

  private static final String LOAD =
      "INSERT INTO public.item SELECT id, id %% 1000, 0, timestamptz '2024-01-01', md5(id::text)"
          + " FROM generate_series(1, %d::bigint) AS g (id) WHERE %s";

  private final List<EmbeddedPostgresServer> servers = new ArrayList<>();
  private final ControlDatabase control;
  private final Secrets secrets;
  private final Plan plan;

  /**
   * Starts the servers and loads them.
   *
   * @param indexes how many secondary indexes the table has, 0 to 3
   */
  BenchShards(long rows, int indexes) throws SQLException {
    ServerOptions options =
        ServerOptions.defaults()
            .setting("max_connections", "200")
            .setting("max_replication_slots", "40")
            .setting("max_wal_senders", "40")
            .setting("max_logical_replication_workers", "40")
            .setting("max_worker_processes", "40")
            .setting("max_sync_workers_per_subscription", "2")
            .setting("shared_buffers", "512MB")
            .setting("max_wal_size", "8GB");
    try {
      for (int server = 0; server < 2 * PER_SIDE; server++) {
        servers.add(EmbeddedPostgresServer.start(options));
      }
      targetServer(0).createDatabase("control");
      Topology before = topology(1, "source", 0, SOURCES);
      Secrets.Control login =
          new Secrets.Control(targetServer(0).url("control"), EmbeddedPostgresServer.USER, null);
      control = new ControlDatabase(login.endpoint()).migrate();
      secrets = Secrets.of(List.of(before), login);
      for (int source = 0; source < SOURCES; source++) {
        load(source, before.shards().get(source).keyRange(), rows, indexes);
      }
      new TopologyStore(control).initialize(before);
      plan =
          new Planner(secrets, PlannerOptions.defaults())
              .plan(before, topology(2, "target", PER_SIDE, TARGETS));
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

  private void load(int source, KeyRange range, long rows, int indexes) throws SQLException {
    String database = "source_" + source;
    EmbeddedPostgresServer server = sourceServer(source);
    server.createDatabase(database);
    execute(server, database, TABLE);
    execute(
        server,
        database,
        LOAD.formatted(
            rows, ReferenceHash.inKeyRange("id", ReferenceHash.KeyType.INT8, range.toString())));
    for (String index : indexes(indexes)) {
      execute(server, database, index);
    }
    execute(server, database, "VACUUM ANALYZE public.item");
  }

  /** The statements that make the secondary indexes. */
  static List<String> indexes(int count) {
    return List.of("kind", "changed", "note").subList(0, count).stream()
        .map(column -> "CREATE INDEX ON public.item (" + column + ")")
        .toList();
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

  /** A session on a source. */
  Connection source(int number) throws SQLException {
    return sourceServer(number).connection("source_" + number);
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

  @Override
  public void close() {
    servers.forEach(EmbeddedPostgresServer::close);
  }
}
