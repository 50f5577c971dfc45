package io.reshard.testkit;

import static io.reshard.testkit.ReferenceHash.KeyType.INT8;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Two shards of the example application in databases of one server, for the kit's own tests. */
final class TwoShards {
  private static final List<String> RANGES = List.of("-80", "80-");

  private final EmbeddedPostgresServer server;
  private final List<OwnedShard> owned = new ArrayList<>();
  private LoadedRows loaded = LoadedRows.NONE;

  private TwoShards(EmbeddedPostgresServer server) {
    this.server = server;
  }

  /** {@code name} tells the databases apart from others on the server. */
  static TwoShards create(EmbeddedPostgresServer server, String name, long orders)
      throws SQLException {
    TwoShards shards = new TwoShards(server);
    for (int number = 0; number < RANGES.size(); number++) {
      String database = name + "_" + number;
      server.createDatabase(database);
      try (Connection connection = server.connection(database)) {
        SampleApplication.createSchema(connection, number);
      }
      String ownership = ReferenceHash.inKeyRange("customer_id", INT8, RANGES.get(number));
      shards.owned.add(new OwnedShard("shard-" + number, server.connections(database), ownership));
    }
    shards.loaded = SampleApplication.load(shards.owned, orders);
    return shards;
  }

  List<OwnedShard> owned() {
    return owned;
  }

  LoadedRows loaded() {
    return loaded;
  }

  /** Routes by asking the server, so that the test needs no hash of its own. */
  SwitchableDirectory directory() {
    return directory(new ServerRouting(server));
  }

  SwitchableDirectory directory(ServerRouting routing) {
    Map<String, ConnectionSource> sources =
        Map.of("shard-0", owned.get(0).connections(), "shard-1", owned.get(1).connections());
    return new SwitchableDirectory(sources, routing);
  }

  void execute(int number, String sql) throws SQLException {
    try (Connection connection = owned.get(number).connections().open()) {
      Sql.execute(connection, sql);
    }
  }

  /** Runs the statement on both shards and returns the number of rows changed. */
  long executeOnBoth(String sql) throws SQLException {
    long changed = 0;
    for (OwnedShard shard : owned) {
      try (Connection connection = shard.connections().open()) {
        changed += Sql.execute(connection, sql);
      }
    }
    return changed;
  }
}
