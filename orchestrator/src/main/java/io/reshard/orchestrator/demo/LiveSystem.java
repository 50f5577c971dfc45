package io.reshard.orchestrator.demo;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Endpoint;
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
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.planner.Planner;
import io.reshard.planner.PlannerOptions;
import io.reshard.testkit.ComparisonReport;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.EndComparison;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.LoadedRows;
import io.reshard.testkit.OwnedShard;
import io.reshard.testkit.ReferenceHash;
import io.reshard.testkit.SampleApplication;
import io.reshard.testkit.ServerOptions;
import io.reshard.testkit.WriterHistory;
import io.reshard.testkit.WriterOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Two servers or three, a control database, and the sample application on as many shards as asked
 * for, spread evenly over the nodes and over the hash. Each shard has an equal key range.
 */
public final class LiveSystem implements AutoCloseable {
  private static final String CONTROL = "control";

  private final EmbeddedPostgresServer first;
  private final EmbeddedPostgresServer second;
  private final EmbeddedPostgresServer controlServer;
  private final ControlDatabase control;
  private final Secrets secrets;
  private final LoadedRows loaded;
  private final List<TopologyDirectory> directories = new ArrayList<>();

  private LiveSystem(
      EmbeddedPostgresServer first,
      EmbeddedPostgresServer second,
      EmbeddedPostgresServer controlServer,
      int shards,
      long orders)
      throws SQLException {
    this.first = first;
    this.second = second;
    this.controlServer = controlServer;
    controlServer.createDatabase(CONTROL);
    Topology topology = topology(1, shards);
    Secrets.Control login =
        new Secrets.Control(controlServer.url(CONTROL), EmbeddedPostgresServer.USER, null);
    control = new ControlDatabase(login.endpoint()).migrate();
    secrets = Secrets.of(List.of(topology), login);
    int number = 0;
    for (Shard shard : topology.shards()) {
      server(shard).createDatabase(shard.database());
      try (Connection connection = server(shard).connection(shard.database())) {
        SampleApplication.createSchema(connection, number++);
      }
    }
    loaded = SampleApplication.load(owned(topology), orders);
    new TopologyStore(control).initialize(topology);
  }

  /** Starts servers with the usual settings. */
  public static LiveSystem start(int shards, long orders) throws SQLException {
    return start(shards, orders, ServerOptions.defaults());
  }

  /**
   * Starts the servers, loads {@code orders} orders with what belongs to them, and registers
   * version 1 of the topology.
   */
  public static LiveSystem start(int shards, long orders, ServerOptions options)
      throws SQLException {
    return start(shards, orders, options, options);
  }

  /** The same with other settings for the second server, which has the odd shards. */
  public static LiveSystem start(
      int shards, long orders, ServerOptions options, ServerOptions secondOptions)
      throws SQLException {
    Deque<EmbeddedPostgresServer> servers = new ArrayDeque<>();
    return start(
        servers,
        () -> {
          EmbeddedPostgresServer first = started(servers, options);
          return new LiveSystem(first, started(servers, secondOptions), first, shards, orders);
        });
  }

  /** The same with the control database on a server of its own. */
  public static LiveSystem startWithControlApart(int shards, long orders) throws SQLException {
    ServerOptions options = ServerOptions.defaults();
    Deque<EmbeddedPostgresServer> servers = new ArrayDeque<>();
    return start(
        servers,
        () ->
            new LiveSystem(
                started(servers, options),
                started(servers, options),
                started(servers, options),
                shards,
                orders));
  }

  private static EmbeddedPostgresServer started(
      Deque<EmbeddedPostgresServer> servers, ServerOptions options) {
    servers.push(EmbeddedPostgresServer.start(options));
    return servers.peek();
  }

  private static LiveSystem start(
      Deque<EmbeddedPostgresServer> servers, Playground.Opener<LiveSystem> opener)
      throws SQLException {
    try {
      return opener.open();
    } catch (SQLException | RuntimeException e) {
      servers.forEach(EmbeddedPostgresServer::close);
      throw e;
    }
  }

  /** A topology of {@code shards} equal key ranges; existing shards keep their databases. */
  public Topology topology(long version, int shards) {
    List<Shard> all = new ArrayList<>();
    long step = Long.divideUnsigned(-1L, shards) & ~0xffffffffL;
    for (int index = 0; index < shards; index++) {
      KeyRange range = new KeyRange(step * index, index == shards - 1 ? 0 : step * (index + 1));
      String node = index % 2 == 0 ? "node-1" : "node-2";
      all.add(new Shard("shard-" + index, node, "app_" + index, ShardStatus.ACTIVE, range, null));
    }
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(node("node-1", first), node("node-2", second)),
        all,
        SampleApplication.tableNames().stream()
            .map(table -> new TableRule(table, "customer_id", false))
            .toList());
  }

  private static Node node(String id, EmbeddedPostgresServer server) {
    return new Node(id, server.url(""), EmbeddedPostgresServer.USER, null, null);
  }

  private EmbeddedPostgresServer server(Shard shard) {
    return server(shard.node());
  }

  /** The server of a node: {@code node-1} has the even shards. */
  public EmbeddedPostgresServer server(String node) {
    return node.equals("node-1") ? first : second;
  }

  /** The server of the control database: that of {@code node-1}, or one of its own. */
  public EmbeddedPostgresServer controlServer() {
    return controlServer;
  }

  public ControlDatabase control() {
    return control;
  }

  public Secrets secrets() {
    return secrets;
  }

  public Plan plan(int shards) {
    TopologyStore store = new TopologyStore(control);
    Topology active = store.active();
    return new Planner(secrets, PlannerOptions.defaults())
        .plan(
            active,
            topology(active.version() + 1, shards),
            new PostgresOperationStore(control).ids());
  }

  public LiveWriter write(WriterOptions options) {
    return write(options, directory());
  }

  /** Writers that look up shards in {@code directory}. */
  LiveWriter write(WriterOptions options, TopologyDirectory directory) {
    return LiveWriter.start(directory, loaded, options);
  }

  TopologyDirectory directory() {
    TopologyDirectory directory = new TopologyDirectory(control, secrets);
    directories.add(directory);
    return directory;
  }

  LoadedRows loaded() {
    return loaded;
  }

  /** The address of the control database, without its user. */
  String controlUrl() {
    return controlServer.url(CONTROL);
  }

  /** Ownership in plain SQL, from the reference hash and not from the product. */
  public List<OwnedShard> owned(Topology topology) {
    return topology.owners().stream()
        .map(
            shard ->
                new OwnedShard(
                    shard.id(),
                    server(shard).connections(shard.database()),
                    ReferenceHash.inKeyRange(
                        "customer_id", ReferenceHash.KeyType.INT8, shard.keyRange().toString())))
        .toList();
  }

  /** Compares what the shards of {@code topology} own with what the writers did. */
  public HistoryReport check(WriterHistory history, Topology topology) throws SQLException {
    return history.check(owned(topology));
  }

  /** Compares the rows under two topologies; nobody may write meanwhile. */
  public ComparisonReport compare(Topology reference, Topology compared) throws SQLException {
    return EndComparison.compare(
        owned(reference), owned(compared), SampleApplication.comparedTables());
  }

  public Endpoint endpoint(Topology topology, String shardId) {
    return secrets.endpoint(topology, topology.shard(shardId));
  }

  @Override
  public void close() {
    directories.forEach(TopologyDirectory::close);
    first.close();
    second.close();
    // Closed already, unless it is one of its own: to close twice does no harm.
    controlServer.close();
  }
}
