package io.reshard.orchestrator.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.orchestrator.SmallPlans;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PostgresOperationStoreITCase extends OperationStoreContract {
  private static EmbeddedPostgresServer server;

  private ControlDatabase control;

  @BeforeAll
  static void start() {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  OperationStore open() throws SQLException {
    control = ControlDatabases.create(server);
    return new PostgresOperationStore(control);
  }

  @Override
  void activate(long version) {
    new TopologyStore(control).store(SmallPlans.topology(version, 1, "jdbc:postgresql://h/"));
    control.call(
        "activate",
        jdbi ->
            jdbi.withHandle(
                handle -> handle.execute("UPDATE active_topology SET version = ?", version)));
  }

  @Override
  void drive(String id) {
    DriverLock.acquire(control.endpoint(), id, false).close();
  }

  private static void create(OperationStore store, String id) {
    store.create(SmallPlans.plan(id, 1), Map.of());
  }

  /** As a clean-up keeps it, for as long as it deletes. */
  @Test
  void doesNotWaitForWhoeverKeepsTheTopologyAsItIs() throws SQLException {
    OperationStore store = new PostgresOperationStore(control);
    try (Connection hold = control.endpoint().connect("test");
        Statement statement = hold.createStatement()) {
      hold.setAutoCommit(false);
      statement.execute("SELECT 1 FROM reshard.active_topology FOR UPDATE");
      assertRefused(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
          "by the clean-up or rollback of an earlier operation",
          () -> create(store, "op-1"));
      assertThat(store.list()).isEmpty();
      hold.rollback();
      create(store, "op-1");
      statement.execute("SELECT 1 FROM reshard.active_topology FOR UPDATE");
      assertRefused(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
          "op-1 is active",
          () -> create(store, "op-2"));
    }
  }
}
