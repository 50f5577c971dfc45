package io.reshard.orchestrator.phase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.CaptureRegistry;
import io.reshard.core.control.CaptureTurn;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.shard.ChangeCaptures;
import io.reshard.core.shard.PendingShards;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import io.reshard.testkit.StopMode;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A shard on the first server is split onto both; the second one is down at the rollback. */
class RollbackShardDownITCase {
  private static final String SLOTS = "SELECT count(*) FROM pg_replication_slots";
  private static final String NEW_DATABASES =
      "SELECT count(*) FROM pg_database WHERE datname IN ('app_1', 'app_2')";

  @Test
  void keepsNoSlotWhereItCanBeDroppedAndDeletesNothingYet() throws SQLException {
    try (LiveSystem system = LiveSystem.start(1, 200, ServerOptions.fast(), ServerOptions.fast())) {
      Plan plan = system.plan(3);
      OperationContext context =
          new OperationContext(
              plan,
              system.secrets(),
              system.control(),
              ReshardingOptions.builder().build(),
              Optional.empty(),
              Optional.empty());
      NewOperation.create(system.control(), plan, context.options());
      new PendingShards(plan, system.secrets()).create();
      ChangeCaptures captures = new ChangeCaptures(plan, system.secrets(), system.control());
      captures.begin(CaptureTurn.ofSubmission(1));
      captures.make(CaptureTurn.ofSubmission(1), Duration.ofSeconds(30));
      EmbeddedPostgresServer first = system.server("node-1");
      EmbeddedPostgresServer second = system.server("node-2");
      assertThat(plan.targets()).containsExactlyInAnyOrder("shard-1", "shard-2");
      assertThat(number(first, SLOTS)).isEqualTo(1);

      second.stop(StopMode.FAST);
      Rollback rollback = new Rollback(context, new FencedCutover());
      assertThatThrownBy(rollback::run)
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.ROLLBACK_FAILED))
          .hasMessageContaining("target shard-1 cannot be cleaned up");
      assertThat(number(first, SLOTS)).isZero();
      assertThat(new CaptureRegistry(system.control(), plan.planId()).captures()).isEmpty();
      assertThat(number(first, NEW_DATABASES)).as("until all have revoked").isEqualTo(1);
      OperationStore store = new PostgresOperationStore(system.control());
      assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.FAILED);

      second.resume();
      assertThat(rollback.run().rolledBack()).isTrue();
      assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.ROLLED_BACK);
      assertThat(number(first, NEW_DATABASES) + number(second, NEW_DATABASES)).isZero();
    }
  }

  private static int number(EmbeddedPostgresServer server, String query) throws SQLException {
    try (Connection connection = server.connection("postgres");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getInt(1);
    }
  }
}
