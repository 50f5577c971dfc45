package io.reshard.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Both sides are scanned on a replica that is late. */
final class ReplicaScanITCase {
  @Test
  void whatTheReplicaDoesNotShowYetIsNotMissed() throws Exception {
    try (EmbeddedPostgresServer primary = EmbeddedPostgresServer.start(ServerOptions.fast());
        EmbeddedPostgresServer replica = primary.replica()) {
      Shards shards = Shards.start(primary.url(""), replica.url(""), 1_500);
      String lost = shards.value("shard-3", "SELECT min(id) FROM orders");
      String written = shards.value("shard-3", "SELECT pg_current_wal_flush_lsn()");
      awaitTrue(replica, "SELECT pg_last_wal_replay_lsn() >= '" + written + "'");
      awaitTrue(replica, "SELECT pg_wal_replay_pause() IS NOT NULL");
      awaitTrue(replica, "SELECT pg_get_wal_replay_pause_state() = 'paused'");
      shards.run("shard-3", "DELETE FROM orders WHERE id = " + lost);
      CompletableFuture<VerificationReport> report =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return shards.verify("first");
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      awaitTrue(
          replica,
          "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE '%verification'"
              + " AND query LIKE '%pg_last_wal_replay_lsn() >= %' AND pid <> pg_backend_pid()");
      assertThat(report).isNotDone();

      awaitTrue(replica, "SELECT pg_wal_replay_resume() IS NOT NULL");
      assertThat(report).succeedsWithin(Duration.ofSeconds(60));
      assertThat(report.get().mismatchSamples())
          .containsExactly(new Mismatch(Shards.ORDERS, lost, Mismatch.Kind.MISSING));
    }
  }

  private static void awaitTrue(EmbeddedPostgresServer server, String question) {
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> isTrue(server, question));
  }

  private static boolean isTrue(EmbeddedPostgresServer server, String question)
      throws SQLException {
    try (Connection connection = server.connection("postgres");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(question)) {
      row.next();
      return row.getBoolean(1);
    }
  }
}
