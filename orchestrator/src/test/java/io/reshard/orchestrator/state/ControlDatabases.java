package io.reshard.orchestrator.state;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.postgres.Endpoint;
import io.reshard.orchestrator.SmallPlans;
import io.reshard.testkit.EmbeddedPostgresServer;
import java.sql.SQLException;
import java.util.UUID;

/** Control databases of tests, with version 1 of a topology of one shard. */
final class ControlDatabases {
  private ControlDatabases() {}

  static ControlDatabase create(EmbeddedPostgresServer server) throws SQLException {
    String database = "control_" + UUID.randomUUID().toString().substring(0, 8);
    String url = server.createDatabase(database);
    ControlDatabase control =
        new ControlDatabase(new Endpoint("control", url, "postgres", null)).migrate();
    new TopologyStore(control).initialize(SmallPlans.topology(1, 1, "jdbc:postgresql://h/"));
    return control;
  }
}
