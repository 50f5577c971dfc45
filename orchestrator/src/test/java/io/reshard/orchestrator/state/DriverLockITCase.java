package io.reshard.orchestrator.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.postgres.Endpoint;
import io.reshard.orchestrator.SmallPlans;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DriverLockITCase {
  private static EmbeddedPostgresServer server;

  private ControlDatabase control;
  private OperationStore store;

  @BeforeAll
  static void start() {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void open() throws SQLException {
    control = ControlDatabases.create(server);
    store = new PostgresOperationStore(control);
  }

  private void create(String id) {
    store.create(SmallPlans.plan(id, 1), Map.of());
  }

  @Test
  void letsOneProcessDriveAtATime() {
    Endpoint endpoint = control.endpoint();
    create("op-1");
    try (DriverLock first = DriverLock.acquire(endpoint, "op-1", false)) {
      OperationStoreContract.assertRefused(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
          "driven by pid " + ProcessHandle.current().pid(),
          () -> DriverLock.acquire(endpoint, "op-1", false));
      DriverLock.acquire(endpoint, "op-2", false).close();
      try (DriverLock taker = DriverLock.acquire(endpoint, "op-1", true)) {
        taker.requireHeld();
        OperationStoreContract.assertRefused(
            ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED, "driven by", first::requireHeld);
        assertThat(taker.token()).isGreaterThan(first.token());
      }
      OperationStoreContract.assertRefused(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
          "taken over from this process, by pid " + ProcessHandle.current().pid(),
          first::requireHeld);
      assertThat(DriverLock.holder(control, "op-1")).isEmpty();
    }
    DriverLock.acquire(endpoint, "op-1", false).close();
  }

  @Test
  void takesALostLockAgainIfNobodyHasDrivenMeanwhile() {
    create("op-1");
    try (DriverLock lock = DriverLock.acquire(control.endpoint(), "op-1", false)) {
      Operation driven = store.get("op-1", lock.token());
      endSessionsOfDrivers();
      lock.requireHeld();
      assertThat(DriverLock.holder(control, "op-1")).contains(DriverLock.self());
      assertThat(store.complete(driven).driverToken()).isEqualTo(lock.token());
    }
  }

  private void endSessionsOfDrivers() {
    control.call(
        "end the sessions",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                                + " WHERE application_name LIKE 'reshard driver %'"
                                + " AND datname = current_database()")
                        .mapTo(Boolean.class)
                        .list()));
  }

  /** A command that follows another at once must not meet its predecessor's lock. */
  @Test
  void aLockThatIsLetGoOfCanBeTakenAtOnce() {
    for (int round = 0; round < 200; round++) {
      DriverLock.acquire(control.endpoint(), "op-1", false).close();
    }
  }
}
