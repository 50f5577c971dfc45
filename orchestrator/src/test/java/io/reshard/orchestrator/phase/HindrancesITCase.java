package io.reshard.orchestrator.phase;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.ThrottleStore;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.serve.StoredOperation;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Why an operation does not move, in every way in which it can stand still. */
class HindrancesITCase {
  private static EmbeddedPostgresServer server;

  private StoredOperation stored;
  private OperationStore store;
  private DriverLock driver;

  @BeforeAll
  static void startServer() {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void drive() throws SQLException {
    stored = StoredOperation.none(server);
    store = new PostgresOperationStore(stored.control());
    driver = DriverLock.acquire(stored.login().endpoint(), StoredOperation.ID, false);
  }

  @AfterEach
  void stop() {
    driver.close();
  }

  private OperationStatus status() {
    return new StatusReader(stored.control()).read(StoredOperation.ID);
  }

  private String hindrance() {
    return new Hindrances(stored.control(), ReshardingOptions.builder().build())
        .find(stored.operation(), status())
        .map(one -> one.reason() + " / " + one.remedy())
        .orElse("none");
  }

  private void standStill() {
    stored.sql("UPDATE job_progress SET updated_at = now() - interval '1 minute'");
  }

  @Test
  void tellsAStalledCopyFromOneThatMoves() {
    stored.create(Optional.empty());
    stored.copy(40);
    stored.sql("UPDATE phase_history SET started_at = now() - interval '10 s'");
    assertThat(hindrance()).isEqualTo("none");
    assertThat(status().estimatedSecondsLeft()).isBetween(14L, 18L);
    standStill();
    assertThat(hindrance()).startsWith("No rows have been committed since").contains("Web UI");
    assertThat(status().estimatedSecondsLeft()).isNull();
    new ThrottleStore(stored.control()).pause(StoredOperation.ID, "shard-0", "load is 12");
    assertThat(hindrance()).contains("does not read from shard-0: load is 12").contains("throttle");
  }

  @Test
  void namesTheErrorThatItPausesForAndItsRemedy() {
    stored.create(Optional.empty());
    Operation copying = stored.copy(40);
    store.pause(copying, new OperationError("resharding.flink_unavailable", "no answer"));
    assertThat(hindrance())
        .isEqualTo(
            "It pauses, and tries again: resharding.flink_unavailable: no answer"
                + " / Bring it back; the operation goes on by itself.");
    assertThat(status().estimatedSecondsLeft()).isNull();
  }

  @Test
  void saysWhenNobodyDrivesItAndWhenAPersonIsAwaited() {
    stored.create(Optional.of(Phase.COPYING));
    Operation copying = stored.copy(100);
    driver.close();
    assertThat(hindrance()).startsWith("No process drives it").contains("'reshard resume op-1'");
    store.complete(copying);
    assertThat(hindrance()).startsWith("It waits for you behind COPYING").contains("the switch");
    driver = DriverLock.acquire(stored.login().endpoint(), StoredOperation.ID, false);
  }

  @Test
  void saysWhatTheLagIsMeasuredAgainstAndHowLongTheWayBackIsKept() {
    stored.create(Optional.empty());
    Operation replicating = store.enter(store.complete(stored.copy(100)), Phase.REPLICATING);
    assertThat(hindrance()).startsWith("No change has come through yet");
    stored.lag(60_000);
    assertThat(hindrance()).startsWith("The lag is above 5s");
    Operation verifying = store.enter(store.complete(replicating), Phase.VERIFYING);
    assertThat(hindrance()).isEqualTo("none");
    Operation switching = store.enter(store.complete(verifying), Phase.CUTTING_OVER);
    store.enter(store.complete(switching), Phase.CLEANING_UP);
    assertThat(hindrance()).startsWith("The way back is kept until 20").contains("complete op-1");
  }
}
