package io.reshard.planner;

import static io.reshard.planner.PreflightITCase.failed;
import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.TestServer;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PreflightFinding;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What would keep changes from being captured. */
class PreflightCaptureITCase {
  private String first;

  @BeforeEach
  void createDatabase() throws SQLException {
    first = TestServer.createDatabase();
  }

  @Test
  void refusesTransactionsThatHaveBeenWritingForLong() throws SQLException {
    TestServer.run(first, "CREATE TABLE t (id bigint PRIMARY KEY, customer bigint NOT NULL)");
    try (Connection writer = TestServer.connect(first);
        Statement statement = writer.createStatement()) {
      writer.setAutoCommit(false);
      statement.execute("SET application_name = 'nightly report'");
      statement.execute("INSERT INTO t VALUES (1, 1)");
      assertThat(grow("t").preflight()).allMatch(PreflightFinding::ok);
      Plan plan = grow("t", PlannerOptions.defaults().withOpenTransactionAge(Duration.ZERO));
      assertThat(failed(plan, "open_transactions", "shard-0").detail())
          .contains("pid " + pid(statement) + " of nightly report, open for ", first);
    }
  }

  private static int pid(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery("SELECT pg_backend_pid()")) {
      row.next();
      return row.getInt(1);
    }
  }

  private Plan grow(String table) {
    return grow(table, PlannerOptions.defaults());
  }

  private Plan grow(String table, PlannerOptions options) {
    return PreflightITCase.plan(
        TestTopology.hash(table + ":customer").shard("shard-0", first, "-").build(),
        TestTopology.hash(table + ":customer")
            .shard("shard-0", first, "-80")
            .shard("shard-1", TestServer.freshName(), "80-")
            .build(),
        options);
  }
}
