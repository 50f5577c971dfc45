package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.postgres.Endpoint;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import io.reshard.testkit.StopMode;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * That a source can be shut down: PostgreSQL waits for each reader of a slot to confirm all of the
 * write-ahead log, also what holds nothing for it.
 */
class ShutdownITCase {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Test
  void doesNotHoldUpTheShutdownOfItsServer() throws SQLException {
    ServerOptions options = ServerOptions.fast().waitingAtMost(PATIENCE);
    try (EmbeddedPostgresServer server = EmbeddedPostgresServer.start(options);
        Connection open = server.connection("postgres");
        Statement statement = open.createStatement()) {
      statement.execute("CREATE TABLE t (id bigint PRIMARY KEY)");
      statement.execute("CREATE PUBLICATION reshard_pub FOR TABLE t");
      statement.execute("SELECT pg_create_logical_replication_slot('reshard_slot', 'pgoutput')");
      TestJob job =
          TestJob.of(ChangeSource.of(settings(server))).checkpointEvery(Duration.ofMillis(500));
      try (job) {
        job.start();
        statement.execute("INSERT INTO t VALUES (1)");
        job.awaitEvents(1);
        open.setAutoCommit(false);
        // The shutdown rolls this back, which is the last that the log has of it.
        statement.execute("INSERT INTO t SELECT generate_series(2, 20000)");
        server.stop(StopMode.FAST);
        server.resume();
        try (Connection again = server.connection("postgres");
            Statement insert = again.createStatement()) {
          insert.execute("INSERT INTO t VALUES (2)");
        }
        // No checkpoint may have covered the first row, which then comes once more.
        job.awaitKey("2");
        assertThat(job.keys()).contains("1").doesNotContain("3");
      }
    }
  }

  private static ChangeSourceSettings settings(EmbeddedPostgresServer server) {
    return new ChangeSourceSettings(
        (short) 3,
        new Endpoint(
            "app",
            server.url("postgres"),
            EmbeddedPostgresServer.USER,
            EmbeddedPostgresServer.USER),
        "reshard_slot",
        "reshard_pub",
        "op-1",
        List.of(TestShard.table(0, "public", "t", "id", "bigint")));
  }
}
