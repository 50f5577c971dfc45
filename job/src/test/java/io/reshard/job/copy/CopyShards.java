package io.reshard.job.copy;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.shard.ShardSchema;
import io.reshard.core.topology.Node;
import io.reshard.job.Migration;
import io.reshard.job.TestMigrations;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** A server of its own with an operation that moves half of its items to a new shard. */
final class CopyShards implements AutoCloseable {
  static final String OPERATION = "op-1";
  static final String TARGET = "shard-1";

  /** The target's ordinal. */
  static final int ORDINAL = 1;

  private final EmbeddedPostgresServer server;
  private final Migration migration;

  /** With items of one column. */
  CopyShards(ServerOptions options) throws SQLException {
    this(
        options,
        table(List.of(new Column("id", "bigint", false)), List.of()),
        "CREATE TABLE public.item (id bigint NOT NULL)");
  }

  /**
   * With items of another form.
   *
   * @param ddl makes the table on the target, as it is before indexes are built
   */
  CopyShards(ServerOptions options, PlannedTable table, String ddl) throws SQLException {
    server = EmbeddedPostgresServer.start(options);
    try {
      for (String database : List.of("control", "app_0", "app_1")) {
        server.createDatabase(database);
      }
      Plan plan = plan(server, table);
      Secrets.Control login =
          new Secrets.Control(server.url("control"), EmbeddedPostgresServer.USER, null);
      new ControlDatabase(login.endpoint()).migrate();
      migration = new Migration(plan, Secrets.of(List.of(plan.source()), login), 1);
      try (Connection target = target();
          Statement statement = target.createStatement()) {
        ShardSchema.ensure(target);
        statement.execute(ddl);
      }
    } catch (SQLException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  EmbeddedPostgresServer server() {
    return server;
  }

  Migration migration() {
    return migration;
  }

  Connection target() throws SQLException {
    return server.connection("app_1");
  }

  /** The number that a query on the target gives. */
  long number(String query) throws SQLException {
    try (Connection target = target();
        Statement statement = target.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  @Override
  public void close() {
    server.close();
  }

  /** The table {@code public.item}, with its key {@code id} among the columns. */
  static PlannedTable table(List<Column> columns, List<IndexDefinition> indexes) {
    return new PlannedTable(
        "public",
        "item",
        columns,
        List.of("id"),
        "id",
        true,
        List.of(),
        new IndexDefinition("item_pkey", "ALTER TABLE public.item ADD PRIMARY KEY (id)"),
        indexes,
        List.of(),
        0,
        0);
  }

  private static Plan plan(EmbeddedPostgresServer server, PlannedTable table) {
    Node node = new Node("node-1", server.url(""), EmbeddedPostgresServer.USER, null, null);
    return new Plan(
        Plan.FORMAT,
        OPERATION,
        TestMigrations.topology(1, node, "-"),
        TestMigrations.topology(2, node, "-80", "80-"),
        List.of(),
        List.of(table),
        List.of(new MigrationStep("shard-0", "shard-1", "80-", 0, 0)),
        List.of(),
        0,
        0,
        List.of());
  }
}
