package io.reshard.orchestrator;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.EmbeddedCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.planner.Planner;
import io.reshard.planner.PlannerOptions;
import io.reshard.testkit.ServerOptions;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Migrations of the sample application on an embedded Flink cluster. */
final class EmbeddedMigration implements AutoCloseable {
  private static final int PARALLELISM = 2;

  private final LiveSystem system;
  private final EmbeddedCluster cluster;
  private OperationContext context;

  private EmbeddedMigration(LiveSystem system, EmbeddedCluster cluster) {
    this.system = system;
    this.cluster = cluster;
  }

  /** Begins the next operation, which leads to {@code shards} shards. */
  EmbeddedMigration to(int shards) {
    return begin(system.plan(shards));
  }

  private EmbeddedMigration begin(Plan plan) {
    context = Operations.begin(system, plan, cluster);
    return this;
  }

  /** From 2 to 3 shards with reference tables, which {@code ddl} makes. */
  static EmbeddedMigration withReferences(
      Path folder, long orders, List<String> references, String... ddl) throws SQLException {
    TableRule[] rules =
        references.stream().map(name -> new TableRule(name, null, true)).toArray(TableRule[]::new);
    return start(folder, 2, orders, ddl).to(3, rules);
  }

  /** Begins the first operation, which leads to {@code shards} shards and has more tables. */
  EmbeddedMigration to(int shards, TableRule... more) {
    Topology active = new TopologyStore(system.control()).active();
    List<TableRule> rules = new ArrayList<>(active.tables());
    rules.addAll(List.of(more));
    Topology wanted = system.topology(active.version() + 1, shards).withTables(rules);
    return begin(
        new Planner(system.secrets(), PlannerOptions.defaults())
            .plan(active.withTables(rules), wanted));
  }

  /**
   * Starts servers with {@code shards} shards and a cluster, and runs {@code ddl} on every shard.
   *
   * @param folder for Flink's files
   */
  static EmbeddedMigration start(Path folder, int shards, long orders, String... ddl)
      throws SQLException {
    return start(folder, LiveSystem.start(shards, orders), shards, ddl);
  }

  /** The same on servers of two major versions: even shards have the newer one. */
  static EmbeddedMigration startOnTwoVersions(Path folder, int shards, long orders)
      throws SQLException {
    ServerOptions options = ServerOptions.defaults();
    return start(
        folder, LiveSystem.start(shards, orders, options, options.ofTheOldestVersion()), shards);
  }

  /** On servers that have been started, and end with it. */
  static EmbeddedMigration start(Path folder, LiveSystem system, int shards, String... ddl)
      throws SQLException {
    Topology topology = system.topology(1, shards);
    for (Shard shard : topology.shards()) {
      try (Connection connection = system.endpoint(topology, shard.id()).connect("preparation");
          Statement statement = connection.createStatement()) {
        for (String sql : ddl) {
          statement.execute(sql);
        }
      }
    }
    String checkpoints = folder.resolve("checkpoints").toUri().toString();
    return new EmbeddedMigration(
        system,
        EmbeddedCluster.start(
            EmbeddedCluster.ANY_PORT, folder.resolve("flink"), checkpoints, PARALLELISM));
  }

  LiveSystem system() {
    return system;
  }

  Plan plan() {
    return context.plan();
  }

  OperationContext context() {
    return context;
  }

  Operation drive(Phase until) {
    return new OperationDriver(context, new FencedCutover()).drive(Optional.ofNullable(until));
  }

  Endpoint endpoint(String shard) {
    return context.endpoint(shard);
  }

  void run(String shard, String... statements) throws SQLException {
    run(endpoint(shard), statements);
  }

  void run(Endpoint endpoint, String... statements) throws SQLException {
    try (Connection connection = endpoint.connect("test");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The first column of all rows. */
  List<String> query(String shard, String sql) throws SQLException {
    return query(endpoint(shard), sql);
  }

  List<String> query(Endpoint endpoint, String sql) throws SQLException {
    try (Connection connection = endpoint.connect("test");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (row.next()) {
        rows.add(row.getString(1));
      }
      return rows;
    }
  }

  @Override
  public void close() {
    cluster.close();
    system.close();
  }
}
