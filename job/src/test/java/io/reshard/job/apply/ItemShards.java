package io.reshard.job.apply;

import io.reshard.core.TestServer;
import io.reshard.core.control.Epoch;
import io.reshard.core.plan.Column;
import io.reshard.core.plan.IndexDefinition;
import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.shard.ShardSchema;
import io.reshard.core.shard.TargetEpoch;
import io.reshard.core.topology.HashFunction;
import io.reshard.core.topology.KeyRange;
import io.reshard.core.topology.Node;
import io.reshard.core.topology.Routing;
import io.reshard.core.topology.RoutingStrategy;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.TableRule;
import io.reshard.core.topology.Topology;
import io.reshard.job.Migration;
import io.reshard.job.TestMigrations;
import io.reshard.job.target.TargetSessions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * Two sources and the target of all their rows: items with a unique code. The columns {@code owner}
 * decide which source an item belongs to: {@link #ownerKey}.
 */
final class ItemShards {
  static final int TARGET = 2;
  private static final String OPERATION = "items";

  private final List<String> databases = new ArrayList<>();
  private final Migration migration;
  private final long[] ownerKeys = new long[2];
  private int attempt;

  ItemShards() throws SQLException {
    this(false, List.of());
  }

  /**
   * @param kept whether the target is a shard already
   * @param globalKeys columns that are declared to be unique over all shards
   */
  ItemShards(boolean kept, List<String> globalKeys) throws SQLException {
    for (int shard = 0; shard < 3; shard++) {
      String database = TestServer.createDatabase();
      databases.add(database);
      TestServer.run(
          database,
          "CREATE TABLE item (id bigint PRIMARY KEY, owner bigint NOT NULL, code text, version int)",
          "CREATE UNIQUE INDEX item_code ON item (code)",
          "CREATE UNIQUE INDEX item_lower ON item (lower(code), (1)) WHERE code <> ''");
    }
    Plan plan = plan(kept, globalKeys);
    migration = TestMigrations.of(plan, TestServer.secrets("node-1"));
    try (Connection connection = connect(TARGET)) {
      ShardSchema.ensure(connection);
    }
    for (int source = 0; source < 2; source++) {
      String owned = plan.oldRouting(plan.tables().get(0), "k").ownedBy("shard-" + source);
      ownerKeys[source] =
          Long.parseLong(
              query(
                      source,
                      "SELECT owner FROM generate_series(1::bigint, 100) AS k (owner) WHERE "
                          + owned
                          + " LIMIT 1")
                  .get(0));
    }
  }

  private Plan plan(boolean kept, List<String> globalKeys) {
    PlannedTable table =
        new PlannedTable(
            "public",
            "item",
            List.of(
                new Column("id", "bigint", false),
                new Column("owner", "bigint", false),
                new Column("code", "text", false),
                new Column("version", "integer", false)),
            List.of("id"),
            "owner",
            true,
            List.of(),
            new IndexDefinition("item_pkey", "ALTER TABLE item ADD PRIMARY KEY (id)"),
            List.of(),
            List.of(),
            0,
            0);
    return new Plan(
        Plan.FORMAT,
        OPERATION,
        kept
            ? topology(1, globalKeys, shard(0, "-80"), shard(1, "80-c0"), shard(TARGET, "c0-"))
            : topology(1, globalKeys, shard(0, "-80"), shard(1, "80-")),
        topology(2, globalKeys, shard(TARGET, "-")),
        List.of(),
        List.of(table),
        List.of(
            new MigrationStep("shard-0", "shard-2", "-80", 0, 0),
            new MigrationStep("shard-1", "shard-2", "80-", 0, 0)),
        List.of(),
        0,
        0,
        List.of());
  }

  private Shard shard(int number, String range) {
    return new Shard(
        "shard-" + number,
        "node-1",
        databases.get(number),
        ShardStatus.ACTIVE,
        KeyRange.parse(range),
        null);
  }

  private static Topology topology(long version, List<String> globalKeys, Shard... shards) {
    return new Topology(
        version,
        new Routing(RoutingStrategy.HASH, HashFunction.POSTGRES),
        List.of(new Node("node-1", TestServer.nodeUrl(), "postgres", null, null)),
        List.of(shards),
        List.of(new TableRule("public.item", "owner", false, null, null, globalKeys)));
  }

  Migration migration() {
    return migration;
  }

  /** A shard key whose rows belong to {@code source}. */
  long ownerKey(int source) {
    return ownerKeys[source];
  }

  Connection connect(int shard) throws SQLException {
    return TestServer.connect(databases.get(shard));
  }

  void run(int shard, String... statements) throws SQLException {
    TestServer.run(databases.get(shard), statements);
  }

  /** The first column of all rows. */
  List<String> query(int shard, String sql) throws SQLException {
    try (Connection connection = connect(shard);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (row.next()) {
        rows.add(row.getString(1));
      }
      return rows;
    }
  }

  /** Empties everything, and gives each source items 1, 2, … with codes of their own. */
  void reset(int items) throws SQLException {
    run(TARGET, "TRUNCATE item, reshard.refetch, reshard.epoch");
    for (int source = 0; source < 2; source++) {
      String rows =
          "INSERT INTO item SELECT i * 2 + %d, %d, 'code ' || i * 2 + %d, 0 FROM generate_series(1, %d) i"
              .formatted(source, ownerKeys[source], source, items);
      run(source, "TRUNCATE item", rows);
      run(TARGET, rows);
    }
  }

  /** Sessions of a new attempt, which ends those of the one before. */
  TargetSessions newAttempt() throws SQLException {
    Epoch epoch = new Epoch(1, ++attempt);
    try (Connection connection = connect(TARGET)) {
      TargetEpoch.claim(connection, OPERATION, epoch, "shard-2");
    }
    return new TargetSessions(migration, epoch);
  }

  /** Another writer of the newest attempt. */
  TargetSessions sameAttempt() {
    return new TargetSessions(migration, new Epoch(1, attempt));
  }

  /** All rows of the sources, and of the target, as text. */
  List<String> expected() throws SQLException {
    List<String> rows = new ArrayList<>(query(0, "SELECT i::text FROM item i"));
    rows.addAll(query(1, "SELECT i::text FROM item i"));
    return rows.stream().sorted().toList();
  }

  List<String> actual() throws SQLException {
    return query(TARGET, "SELECT i::text FROM item i").stream().sorted().toList();
  }
}
