package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.CaptureRegistry;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.shard.PendingShards;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A new shard that cannot be captured: no cutover without a way back. The job is played. */
class WayBackRefusalITCase {
  @ParameterizedTest
  @CsvSource({
    "wal_level, replica, wal_level is replica",
    "max_replication_slots, 0, 0 replication slots are free and 1 needed",
    "max_wal_senders, 0, 0 WAL senders are free and 1 needed"
  })
  void refusesBeforeAnythingIsFenced(String setting, String value, String reason)
      throws SQLException {
    ServerOptions crippled = ServerOptions.fast().setting(setting, value);
    try (LiveSystem system = LiveSystem.start(1, 500, ServerOptions.fast(), crippled)) {
      Plan plan = system.plan(2);
      new PendingShards(plan, system.secrets()).create();
      PlayedJob.reportCopy(system, plan);
      OperationContext context =
          new OperationContext(
              plan,
              system.secrets(),
              system.control(),
              ReshardingOptions.builder().build(),
              Optional.empty(),
              Optional.empty());
      FencedCutover cutover = new FencedCutover();
      assertThat(cutover.rehearse(context).gate()).contains("shard-1").contains(reason);
      assertThatThrownBy(() -> cutover.run(context))
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CUTOVER_ABORTED))
          .hasMessageContaining(reason);

      assertThat(cutover.status(context)).isEmpty();
      assertThat(new TopologyStore(system.control()).activeVersion()).isEqualTo(1);
      assertThat(new CaptureRegistry(system.control(), plan.reversed().planId()).captures())
          .isEmpty();
      try (Connection connection = context.endpoint("shard-0").connect("test");
          Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery(
                  "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'reshard%'")) {
        row.next();
        assertThat(row.getLong(1)).isZero();
      }
      assertThat(new FencedCutover(false).rehearse(context).gate())
          .isEqualTo(CutoverReport.GATE_OPEN);
    }
  }
}
