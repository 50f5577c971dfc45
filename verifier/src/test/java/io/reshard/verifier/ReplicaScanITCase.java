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

/** Sides are scanned on a replica that is late. */
final class ReplicaScanITCase {
  @Test
  void whatTheReplicaDoesNotShowYetIsNotMissed() throws Exception {
    try (EmbeddedPostgresServer primary = EmbeddedPostgresServer.start(ServerOptions.fast());
        EmbeddedPostgresServer replica = primary.replica()) {
      Shards shards =
          Shards.start(
              Shards.Setup.replicated(primary.url(""), replica.url(""), replica.url("")), 1_500);
      String lost = shards.value("shard-3", "SELECT min(id) FROM orders");
      long read = readOnPrimary(shards);
      String written = shards.value("shard-3", "SELECT pg_current_wal_flush_lsn()");
      awaitTrue(replica, "SELECT pg_last_wal_replay_lsn() >= '" + written + "'");
      awaitTrue(replica, "SELECT pg_wal_replay_pause() IS NOT NULL");
      awaitTrue(replica, "SELECT pg_get_wal_replay_pause_state() = 'paused'");
      shards.run("shard-3", "DELETE FROM orders WHERE id = " + lost);
      CompletableFuture<VerificationReport> report = verifyUntilItWaits(shards, replica);

      awaitTrue(replica, "SELECT pg_wal_replay_resume() IS NOT NULL");
      assertThat(report).succeedsWithin(Duration.ofSeconds(60));
      assertThat(report.get().mismatchSamples())
          .containsExactly(new Mismatch(Shards.ORDERS, lost, Mismatch.Kind.MISSING));
      // Only the key that differs is looked at there, not the split that it was found in.
      assertThat(readOnPrimary(shards) - read).isBetween(1L, 100L);
    }
  }

  /**
   * A change of a source is lost on its way, and its replica does not show it yet: there both sides
   * agree.
   */
  @Test
  void aChangeThatTheSourcesReplicaDoesNotShowYetIsNotMissed() throws Exception {
    try (EmbeddedPostgresServer primary = EmbeddedPostgresServer.start(ServerOptions.fast());
        EmbeddedPostgresServer replica = primary.replica()) {
      Shards shards =
          Shards.start(Shards.Setup.replicated(primary.url(""), replica.url(""), null), 1_500);
      String changed = shards.value("shard-3", "SELECT min(id) FROM orders");
      String written = shards.value("shard-3", "SELECT pg_current_wal_flush_lsn()");
      awaitTrue(replica, "SELECT pg_last_wal_replay_lsn() >= '" + written + "'");
      awaitTrue(replica, "SELECT pg_wal_replay_pause() IS NOT NULL");
      awaitTrue(replica, "SELECT pg_get_wal_replay_pause_state() = 'paused'");
      shards.run("shard-1", "UPDATE orders SET status = 'lost' WHERE id = " + changed);
      CompletableFuture<VerificationReport> report = verifyUntilItWaits(shards, replica);

      awaitTrue(replica, "SELECT pg_wal_replay_resume() IS NOT NULL");
      assertThat(report).succeedsWithin(Duration.ofSeconds(60));
      assertThat(report.get().mismatchSamples())
          .containsExactly(new Mismatch(Shards.ORDERS, changed, Mismatch.Kind.DIFFERENT));
    }
  }

  /** Until it waits for the replica, which does not replay. */
  private static CompletableFuture<VerificationReport> verifyUntilItWaits(
      Shards shards, EmbeddedPostgresServer replica) {
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
    return report;
  }

  /** How many rows of the source's orders were read on the primary: sessions tell as they end. */
  private static long readOnPrimary(Shards shards) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                shards
                    .value(
                        "shard-1",
                        "SELECT count(*) = 0 FROM pg_stat_activity"
                            + " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                            + " AND backend_type = 'client backend'")
                    .equals("t"));
    try {
      return Long.parseLong(
          shards.value(
              "shard-1",
              "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables"
                  + " WHERE relname = 'orders'"));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
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
