package io.reshard.orchestrator.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import io.reshard.orchestrator.SmallPlans;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OperationStoreITCase {
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
  void open() throws Exception {
    String database = "control_" + UUID.randomUUID().toString().substring(0, 8);
    String url = server.createDatabase(database);
    control = new ControlDatabase(new Endpoint("control", url, "postgres", null)).migrate();
    new TopologyStore(control).initialize(SmallPlans.topology(1, 1, "jdbc:postgresql://h/"));
    store = new OperationStore(control);
  }

  private Operation create(String id) {
    return store.create(SmallPlans.plan(id, 1), Map.of("copyBatchSize", "5"));
  }

  private static void assertRefused(ErrorCode code, String message, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> {
              assertThat(e.errorCode()).isEqualTo(code);
              assertThat(e.getMessage()).contains(message);
            });
  }

  @Test
  void keepsAnOperationWithItsPlan() {
    Operation created = create("op-1");
    assertThat(created.phase()).isEqualTo(Phase.PLANNING);
    assertThat(created.lastCompletedPhase()).isNull();
    assertThat(store.get("op-1")).isEqualTo(created);
    assertThat(store.plan("op-1")).isEqualTo(SmallPlans.plan("op-1", 1));
    assertThat(store.listActive()).containsExactly(created);
    assertThat(store.history("op-1")).singleElement().matches(one -> one.completedAt() == null);
  }

  @Test
  void takesOneOperationAtATime() {
    create("op-1");
    assertRefused(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED, "op-1 is active", () -> create("op-2"));
    assertRefused(ErrorCode.INVALID_PHASE_TRANSITION, "op-1 exists already", () -> create("op-1"));
  }

  @Test
  void refusesAPlanOfAnotherVersion() {
    assertRefused(
        ErrorCode.TOPOLOGY_CONFLICT,
        "version 1 is active",
        () -> store.create(SmallPlans.plan("op-1", 7), Map.of()));
    assertThat(store.list()).isEmpty();
  }

  @Test
  void changesByCompareAndSet() {
    Operation first = create("op-1");
    Operation completed = store.complete(first);
    assertThat(completed.lastCompletedPhase()).isEqualTo(Phase.PLANNING);
    assertRefused(
        ErrorCode.INVALID_PHASE_TRANSITION,
        "changed by another process",
        () -> store.enter(first, Phase.COPYING));
    assertThat(store.get("op-1").phase()).isEqualTo(Phase.PLANNING);
    assertThat(store.enter(completed, Phase.COPYING).phase()).isEqualTo(Phase.COPYING);
  }

  @Test
  void refusesTransitionsThatTheDiagramDoesNotHave() {
    Operation operation = create("op-1");
    assertRefused(
        ErrorCode.INVALID_PHASE_TRANSITION,
        "PLANNING and cannot become VERIFYING",
        () -> store.enter(operation, Phase.VERIFYING));
  }

  @Test
  void keepsWhyAnOperationPausesOrFailed() {
    OperationError reason = new OperationError("resharding.source_unavailable", "away");
    Operation paused = store.pause(create("op-1"), reason);
    assertThat(paused.error()).isEqualTo(reason);
    assertThat(paused.phase()).isEqualTo(Phase.PLANNING);
    Operation goesOn = store.pause(paused, null);
    assertThat(goesOn.error()).isNull();
    Operation failed = store.fail(goesOn, reason);
    assertThat(failed.phase()).isEqualTo(Phase.FAILED);
    assertThat(failed.error()).isEqualTo(reason);
    assertThat(store.listActive()).isEmpty();
    assertThat(store.history("op-1"))
        .extracting(PhaseRecord::phase)
        .containsExactly(Phase.PLANNING, Phase.FAILED);
    assertThat(store.history("op-1")).allMatch(one -> one.durationMillis() >= 0);
  }

  @Test
  void beginsNothingWhileWhatAFailedOneHasMadeStands() {
    Operation failed = store.fail(create("op-1"), new OperationError("c", "m"));
    assertRefused(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
        "'reshard rollback op-1' removes that",
        () -> create("op-2"));
    assertThat(store.find("op-2")).isEmpty();
    store.enter(failed, Phase.ROLLED_BACK);
    assertThat(create("op-2").phase()).isEqualTo(Phase.PLANNING);
  }

  @Test
  void doesNotResumeBesideAnotherOperation() {
    Operation failed = store.fail(create("op-1"), new OperationError("c", "m"));
    // Whoever led to this version did not know of the one that had failed.
    TopologyStore topologies = new TopologyStore(control);
    topologies.store(SmallPlans.topology(2, 1, "jdbc:postgresql://h/"));
    control.call(
        "activate",
        jdbi ->
            jdbi.withHandle(handle -> handle.execute("UPDATE active_topology SET version = 2")));
    store.create(SmallPlans.plan("op-2", 2), Map.of());
    assertRefused(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
        "is active",
        () -> store.enter(failed, Phase.PLANNING));
  }

  @Test
  void goesOnAfterTheLastCompletedPhase() {
    Operation copying = store.enter(store.complete(create("op-1")), Phase.COPYING);
    assertThat(copying.resumePhase()).isEqualTo(Phase.COPYING);
    Operation failed = store.fail(copying, new OperationError("c", "m"));
    assertThat(failed.resumePhase()).isEqualTo(Phase.COPYING);
    Operation again = store.complete(store.enter(failed, Phase.COPYING));
    assertThat(again.resumePhase()).isEqualTo(Phase.REPLICATING);
    assertThat(again.error()).isNull();
  }

  @Test
  void forgetsOnlyWhatIsOver() {
    Operation operation = create("op-1");
    assertRefused(
        ErrorCode.INVALID_PHASE_TRANSITION, "only a finished one", () -> store.delete("op-1"));
    store.enter(operation, Phase.ROLLED_BACK);
    store.delete("op-1");
    assertThat(store.find("op-1")).isEmpty();
    assertRefused(ErrorCode.RESHARDING_NOT_FOUND, "'op-1'", () -> store.get("op-1"));
  }

  @Test
  void letsOneProcessDriveAtATime() {
    Endpoint endpoint = control.endpoint();
    create("op-1");
    try (DriverLock first = DriverLock.acquire(endpoint, "op-1", false)) {
      assertRefused(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
          "driven by pid " + ProcessHandle.current().pid(),
          () -> DriverLock.acquire(endpoint, "op-1", false));
      DriverLock.acquire(endpoint, "op-2", false).close();
      try (DriverLock taker = DriverLock.acquire(endpoint, "op-1", true)) {
        taker.requireHeld();
        assertRefused(ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED, "driven by", first::requireHeld);
        assertThat(taker.token()).isGreaterThan(first.token());
      }
      assertRefused(
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

  @Test
  void changesNothingForADriverThatHasBeenOvertaken() {
    create("op-1");
    DriverLock.acquire(control.endpoint(), "op-1", false).close();
    Operation seen = store.get("op-1");
    DriverLock.acquire(control.endpoint(), "op-1", false).close();
    Operation before = store.get("op-1");
    assertRefused(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED, "taken over", () -> store.complete(seen));
    assertRefused(
        ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
        "taken over",
        () -> store.get("op-1", seen.driverToken()));
    assertThat(store.get("op-1")).isEqualTo(before);
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

  @Test
  void takesOneOfThoseThatComeAtOnce() {
    List<CompletableFuture<Operation>> creations =
        IntStream.range(0, 8)
            .mapToObj(n -> CompletableFuture.supplyAsync(() -> create("op-" + n)))
            .toList();
    assertThat(creations)
        .filteredOn(one -> one.handle((created, failure) -> failure == null).join())
        .hasSize(1);
    assertThat(creations)
        .filteredOn(CompletableFuture::isCompletedExceptionally)
        .allSatisfy(
            one ->
                assertThatThrownBy(one::join)
                    .hasCauseInstanceOf(ReshardingException.class)
                    .hasMessageContaining(ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED.code()));
    assertThat(store.list()).hasSize(1);
  }

  /** As a clean-up keeps it, for as long as it deletes. */
  @Test
  void doesNotWaitForWhoeverKeepsTheTopologyAsItIs() throws SQLException {
    try (Connection hold = control.endpoint().connect("test");
        Statement statement = hold.createStatement()) {
      hold.setAutoCommit(false);
      statement.execute("SELECT 1 FROM reshard.active_topology FOR UPDATE");
      assertRefused(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED,
          "by the clean-up or rollback of an earlier operation",
          () -> create("op-1"));
      assertThat(store.list()).isEmpty();
      hold.rollback();
      create("op-1");
      statement.execute("SELECT 1 FROM reshard.active_topology FOR UPDATE");
      assertRefused(
          ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED, "op-1 is active", () -> create("op-2"));
    }
  }

  /** A command that follows another at once must not meet its predecessor's lock. */
  @Test
  void aLockThatIsLetGoOfCanBeTakenAtOnce() {
    for (int round = 0; round < 200; round++) {
      DriverLock.acquire(control.endpoint(), "op-1", false).close();
    }
  }
}
