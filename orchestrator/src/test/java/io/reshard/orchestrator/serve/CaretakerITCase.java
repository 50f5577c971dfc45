package io.reshard.orchestrator.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.Orchestrator;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which operations a caretaker takes up; Flink is away, so none of them comes far. */
class CaretakerITCase {
  private static final Duration LOOK = Duration.ofMillis(50);
  private static EmbeddedPostgresServer server;

  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger taken = new AtomicInteger();
  private StoredOperation stored;

  @BeforeAll
  static void startServer() throws SQLException {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void prepare() throws SQLException {
    stored = StoredOperation.none(server);
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (Thread thread : threads) {
      thread.interrupt();
      thread.join();
    }
  }

  private FlinkCluster noCluster() {
    taken.incrementAndGet();
    throw new ReshardingException(ErrorCode.FLINK_UNAVAILABLE, "Flink is away");
  }

  private Thread startCaretaker() {
    Orchestrator orchestrator =
        new Orchestrator(
            stored.login(),
            this::noCluster,
            ReshardingOptions.builder().build(),
            OperationContext.UNTRACED);
    Thread thread =
        new Thread(() -> new Caretaker(stored.control(), orchestrator, LOOK).run(), "caretaker");
    threads.add(thread);
    thread.start();
    return thread;
  }

  private void awaitLooks() {
    // It looks at the operations in the same turn in which it takes the lock.
    Awaitility.await().until(() -> Caretaker.present(stored.control()).isPresent());
    Awaitility.await().pollDelay(LOOK.multipliedBy(10)).until(() -> true);
  }

  @Test
  void takesUpWhatNobodyDrives() {
    stored.create(Optional.empty());
    startCaretaker();
    Awaitility.await().untilAsserted(() -> assertThat(taken).hasValue(1));
    assertThat(Caretaker.present(stored.control())).hasValue(DriverLock.self());
  }

  @Test
  void leavesAloneWhatAnotherDrivesAndTakesItUpWhenThatOneIsGone() {
    stored.create(Optional.empty());
    try (DriverLock other = DriverLock.acquire(stored.login().endpoint(), "op-1", false)) {
      startCaretaker();
      awaitLooks();
      other.requireHeld();
      assertThat(taken).hasValue(0);
    }
    Awaitility.await().untilAsserted(() -> assertThat(taken).hasValue(1));
  }

  @Test
  void leavesAloneWhatWaitsForAPerson() {
    OperationStore store = new PostgresOperationStore(stored.control());
    store.complete(stored.create(Optional.of(Phase.PLANNING)));
    startCaretaker();
    awaitLooks();
    assertThat(taken).hasValue(0);
    store.recordHold(stored.operation(), Optional.empty());
    Awaitility.await().untilAsserted(() -> assertThat(taken).hasValue(1));
  }

  @Test
  void standsByForAnother() throws InterruptedException {
    Thread first = startCaretaker();
    awaitLooks();
    startCaretaker();
    first.interrupt();
    first.join();
    stored.create(Optional.empty());
    Awaitility.await().untilAsserted(() -> assertThat(taken).hasValue(1));
    assertThat(Caretaker.present(stored.control())).isPresent();
  }
}
