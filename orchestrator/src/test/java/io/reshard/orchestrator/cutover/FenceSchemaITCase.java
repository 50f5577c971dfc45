package io.reshard.orchestrator.cutover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.core.shard.ShardSchema;
import io.reshard.orchestrator.demo.LiveSystem;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The last look at the tables' shape, when nobody can write any more. */
class FenceSchemaITCase {
  @Test
  void aTableThatWasAlteredKeepsTheFenceDown() throws Exception {
    try (LiveSystem system = LiveSystem.start(2, 100)) {
      Plan plan = system.plan(3);
      ShardSessions sessions = new ShardSessions(plan, system.secrets()).open(List.of("shard-0"));
      new ChangeCapture(plan, "shard-0", sessions.endpoint("shard-0"))
          .create(Duration.ofSeconds(30));
      WriteFence fence = new WriteFence(plan, 1, sessions, Duration.ofSeconds(5));
      try (sessions;
          Connection application = sessions.endpoint("shard-0").connect("application");
          Statement statement = application.createStatement()) {
        statement.execute("SET " + ShardSchema.OWN_SESSION.replace("-c ", ""));
        statement.execute("ALTER TABLE customer ALTER COLUMN name TYPE varchar(100)");

        assertThatThrownBy(() -> raise(fence, sessions))
            .isInstanceOfSatisfying(
                ReshardingException.class,
                e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.SCHEMA_CHANGED))
            .hasMessageContaining("column name");
        // Neither a trigger nor a lock is left.
        assertThat(statement.executeUpdate("UPDATE customer SET name = name")).isPositive();

        statement.execute("ALTER TABLE customer ALTER COLUMN name TYPE text");
        assertThat(raise(fence, sessions)).isPositive();
        statement.execute("RESET reshard.session");
        assertThatThrownBy(() -> statement.executeUpdate("UPDATE customer SET name = name"))
            .hasMessageContaining("writes to public.customer are refused");
      }
    }
  }

  private static long raise(WriteFence fence, ShardSessions sessions) {
    return sessions
        .each(
            List.of("shard-0"),
            "fence",
            new Deadline(Duration.ofSeconds(30)),
            (source, connection) -> {
              WriteFence.prepare(source, connection);
              return fence.raise(source, connection);
            })
        .get("shard-0");
  }
}
