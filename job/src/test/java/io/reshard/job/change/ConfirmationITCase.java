package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** That the driver confirms nothing by itself. The interleaving is in docs/architecture.md. */
class ConfirmationITCase {

  private static final CapturedTable TABLE = TestShard.table(0, "public", "t", "k", "text");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int LONG_ROWS = 60_000;

  @Test
  void confirmsNoTransactionThatNoCheckpointCovers() throws SQLException {
    CountDownLatch release = new CountDownLatch(1);
    try (TestShard shard = TestShard.create()) {
      shard.sql("CREATE TABLE t (k text PRIMARY KEY)");
      shard.publish("t (k)");
      TestJob job =
          TestJob.of(ChangeSource.of(shard.settings(TABLE)))
              .with(
                  event -> {
                    if (!event.isHeartbeat() && event.key[0].startsWith("long")) {
                      release.await();
                    }
                  });
      try (job) {
        String confirmed = interleave(shard, job, release);
        assertThat(shard.confirmed()).isEqualTo(confirmed);
      }
      try (TestJob again = TestJob.start(shard, List.of(TABLE))) {
        again.awaitEvents(LONG_ROWS + 1);
        assertThat(again.keys()).contains("short");
      }
    }
  }

  private static String interleave(TestShard shard, TestJob job, CountDownLatch release)
      throws SQLException {
    try (Connection longTransaction = shard.connect()) {
      job.start();
      longTransaction.setAutoCommit(false);
      longTransaction
          .createStatement()
          .execute(
              "INSERT INTO t SELECT 'long' || i || repeat('x', 400) FROM generate_series(1, "
                  + LONG_ROWS
                  + ") i");
      String before = shard.confirmed();
      shard.beat();
      job.awaitEvents(1);
      job.checkpoint();
      await().atMost(PATIENCE).until(() -> !shard.confirmed().equals(before));
      String confirmed = shard.confirmed();
      shard.sql("INSERT INTO t VALUES ('short')");
      job.awaitEvents(2);
      longTransaction.commit();
      // The server is asked for keep-alives while the rows of the long transaction queue up.
      awaitStatus(shard);
      awaitStatus(shard);
      release.countDown();
      job.awaitEvents(LONG_ROWS + 2);
      // What the driver has confirmed by itself reaches the server with its next status.
      awaitStatus(shard);
      awaitStatus(shard);
      return confirmed;
    }
  }

  /** Waits until the server has had another status message. */
  private static void awaitStatus(TestShard shard) {
    String query = "SELECT reply_time FROM pg_stat_replication ORDER BY backend_start DESC LIMIT 1";
    List<String> before = shard.query(query);
    await().atMost(PATIENCE).until(() -> !shard.query(query).equals(before));
  }
}
