package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.plan.Plan;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.PendingShards;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.phase.CutoverStatus;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Race 13 of docs/architecture.md. */
class LateFenceITCase {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void aFenceThatStillWaitsForAWriterDoesNotGoUpBehindItsUndoing() throws SQLException {
    try (LiveSystem system = LiveSystem.start(2, 100, ServerOptions.fast())) {
      Plan plan = system.plan(3);
      new PendingShards(plan, system.secrets()).create();
      OperationContext context =
          new OperationContext(
              plan,
              system.secrets(),
              system.control(),
              ReshardingOptions.builder().build(),
              Optional.empty(),
              Optional.empty());
      FencedCutover cutover = new FencedCutover(false);
      for (String source : plan.sources()) {
        new ChangeCapture(plan, source, context.endpoint(source)).create(PATIENCE);
      }
      refuseTriggers(context);
      try (ShardSessions sessions =
              new ShardSessions(plan, system.secrets()).open(plan.shardIds());
          Connection application = context.endpoint("shard-1").connect("application");
          Statement write = application.createStatement()) {
        int attempt = new CutoverAttempts(system.control(), plan).open();
        CutoverSteps steps =
            new CutoverSteps(
                plan, attempt, sessions, new WriteFence(plan, attempt, sessions, PATIENCE));
        steps.prepareFence(new Deadline(PATIENCE));
        application.setAutoCommit(false);
        write.execute("UPDATE public.orders SET note = 'open'");
        assertThatThrownBy(() -> steps.raiseFence(new Deadline(PATIENCE)))
            .hasMessageContaining("no triggers here");
        awaitLockWait(context);

        cutover.undo(context);
        application.commit();

        Awaitility.await().atMost(PATIENCE).until(() -> working(context) == 0);
        assertThat(count(context, "FROM pg_trigger WHERE tgname LIKE 'reshard_fence%'")).isZero();
        assertThat(cutover.status(context)).contains(CutoverStatus.ABORTED);
        write.execute("UPDATE public.orders SET note = 'written'");
        application.commit();
      }
    }
  }

  /** The fence of the other source fails at once. */
  private static void refuseTriggers(OperationContext context) throws SQLException {
    try (Connection connection = context.endpoint("shard-0").connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE FUNCTION no_triggers() RETURNS event_trigger LANGUAGE plpgsql"
              + " AS $$ BEGIN RAISE 'no triggers here'; END $$");
      statement.execute(
          "CREATE EVENT TRIGGER no_triggers ON ddl_command_start WHEN TAG IN ('CREATE TRIGGER')"
              + " EXECUTE FUNCTION no_triggers()");
    }
  }

  private static void awaitLockWait(OperationContext context) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () ->
                count(
                        context,
                        "FROM pg_stat_activity WHERE datname = current_database()"
                            + " AND application_name LIKE '%cutover' AND wait_event_type = 'Lock'")
                    == 1);
  }

  private static long working(OperationContext context) throws SQLException {
    return count(
        context,
        "FROM pg_stat_activity WHERE datname = current_database()"
            + " AND application_name LIKE '%cutover' AND state <> 'idle'");
  }

  private static long count(OperationContext context, String from) throws SQLException {
    try (Connection connection = context.endpoint("shard-1").connect("test");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT count(*) " + from)) {
      row.next();
      return row.getLong(1);
    }
  }
}
