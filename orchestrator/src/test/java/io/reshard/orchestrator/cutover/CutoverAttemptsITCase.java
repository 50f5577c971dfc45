package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.ShardRecord;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.SmallPlans;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CutoverAttemptsITCase {
  private final Plan plan = SmallPlans.plan("op-1", 1);
  private EmbeddedPostgresServer server;
  private ControlDatabase control;
  private TopologyStore topologies;
  private CutoverAttempts forward;
  private CutoverAttempts back;

  @BeforeEach
  void start() throws SQLException {
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
    Endpoint endpoint = new Endpoint("control", server.createDatabase("control"), "postgres", null);
    control = new ControlDatabase(endpoint).migrate();
    topologies = new TopologyStore(control);
    topologies.initialize(plan.source());
    forward = new CutoverAttempts(control, plan);
    back = new CutoverAttempts(control, plan.reversed());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static void assertFails(ErrorCode code, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            ReshardingException.class, e -> assertThat(e.errorCode()).isEqualTo(code));
  }

  private ShardStatus status(String shard) {
    return topologies.shards().stream()
        .filter(one -> one.shardId().equals(shard))
        .map(ShardRecord::status)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void switchesThereAndBackAndCountsTheirAttemptsApart() {
    assertThat(forward.abort(forward.open())).isEqualTo(CutoverStatus.ABORTED);
    int second = forward.open();
    assertThat(second).isEqualTo(2);
    forward.switchTopology(second);
    assertThat(topologies.activeVersion()).isEqualTo(2);
    assertThat(status("shard-1")).isEqualTo(ShardStatus.ACTIVE);
    assertFails(ErrorCode.CUTOVER_FAILED, forward::open);

    back.switchTopology(back.open());
    assertThat(topologies.active()).isEqualTo(plan.source().withVersion(3));
    assertThat(status("shard-0")).isEqualTo(ShardStatus.ACTIVE);
    assertThat(status("shard-1")).isEqualTo(ShardStatus.TO_BE_DELETED);
    assertThat(forward.abort(second)).isEqualTo(CutoverStatus.SWITCHED);
  }

  @Test
  void aRehearsalChangesNothingAndRefusesWhatTheSwitchWould() {
    int attempt = forward.open();
    forward.rehearseSwitch(attempt);
    assertThat(topologies.activeVersion()).isEqualTo(1);
    assertThat(forward.newest().orElseThrow().status()).isEqualTo(CutoverStatus.OPEN);
    forward.switchTopology(attempt);
    assertThat(topologies.activeVersion()).isEqualTo(2);

    CutoverAttempts late = new CutoverAttempts(control, plan.withId("late"));
    int tooLate = late.open();
    assertFails(ErrorCode.TOPOLOGY_CONFLICT, () -> late.rehearseSwitch(tooLate));
  }

  @Test
  void eitherGoesBackOrIsClosed() {
    assertThat(back.newest()).isEmpty();
    int attempt = back.open();
    assertFails(ErrorCode.INVALID_PHASE_TRANSITION, back::close);
    back.abort(attempt);
    back.close();
    back.close();
    assertThat(back.newest().orElseThrow().status()).isEqualTo(CutoverStatus.CLOSED);
    assertFails(ErrorCode.CUTOVER_FAILED, back::open);
  }

  @Test
  void anAbortedAttemptCannotSwitch() {
    int attempt = forward.open();
    forward.abort(attempt);
    assertFails(ErrorCode.CUTOVER_ABORTED, () -> forward.switchTopology(attempt));
    assertThat(topologies.activeVersion()).isEqualTo(1);
  }
}
