package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the stream goes on after stops, and what the slot is told. */
class ResumeITCase {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path savepoints;

  private TestShard shard;

  @BeforeEach
  void createShard() {
    shard = TestShard.create();
    shard.sql("CREATE TABLE t (id bigint PRIMARY KEY)");
    shard.publish("t (id)");
  }

  @AfterEach
  void closeShard() {
    shard.close();
  }

  @Test
  void resumesOnAnIdleSource() {
    String savepoint;
    try (TestJob job = job().start()) {
      shard.sql("INSERT INTO t VALUES (1)");
      job.awaitEvents(1);
      savepoint = job.stopWithSavepoint(savepoints);
    }
    try (TestJob job = job().from(savepoint).start()) {
      await().atMost(PATIENCE).until(shard::slotIsActive);
      // The checkpoint proves that nothing hangs while the source is idle.
      job.checkpoint();
      shard.sql("INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (3)");
      await().atMost(PATIENCE).until(() -> job.keys().contains("3"));
      assertThat(job.keys()).contains("2").doesNotHaveDuplicates();
      assertThat(job.attempts).hasValue(1);
    }
  }

  @Test
  void movesTheSlotWithCompletedCheckpoints() {
    try (TestJob job = job().start()) {
      shard.sql("INSERT INTO t VALUES (1)");
      job.awaitEvents(1);
      for (int i = 0; i < 3; i++) {
        String before = shard.confirmed();
        int seen = job.events.size();
        shard.beat();
        job.awaitEvents(seen + 1);
        job.checkpoint();
        await().atMost(PATIENCE).until(() -> !shard.confirmed().equals(before));
        assertThat(shard.unconfirmedBytes()).isLessThan(1_000_000);
      }
    }
  }

  /** A checkpoint of an idle source may confirm what the server had read of its log by then. */
  @Test
  void confirmsNothingThatNoCheckpointCovers() {
    String covered;
    try (TestJob job = job().start()) {
      // This one covers nothing yet.
      job.checkpoint();
      covered = shard.query("SELECT pg_current_wal_lsn()").get(0);
      shard.sql("INSERT INTO t SELECT generate_series(1, 5000)");
      job.awaitEvents(5000);
      assertThat(shard.confirmedBeyond(covered)).isFalse();
    }
    try (TestJob job = job().start()) {
      job.awaitEvents(5000);
      assertThat(job.keys()).contains("1", "5000");
    }
    assertThat(shard.confirmedBeyond(covered)).isFalse();
  }

  /** The slot moves while the source is idle, beyond changes that are committed only later. */
  @Test
  void deliversWhatWasOpenOrPreparedWhenTheSlotMovedBeyondIt() throws SQLException {
    String savepoint;
    try (Connection open = shard.connect();
        Statement statement = open.createStatement()) {
      open.setAutoCommit(false);
      statement.execute("INSERT INTO t VALUES (1)");
      shard.sql("BEGIN", "INSERT INTO t VALUES (2)", "PREPARE TRANSACTION 'two'");
      String written = shard.query("SELECT pg_current_wal_lsn()").get(0);
      shard.sql("BEGIN", "INSERT INTO t VALUES (3)", "ROLLBACK");
      try (TestJob job = job().start()) {
        await()
            .atMost(PATIENCE)
            .until(
                () -> {
                  job.checkpoint();
                  return shard.confirmedBeyond(written);
                });
        savepoint = job.stopWithSavepoint(savepoints);
      }
      open.commit();
    }
    shard.sql("COMMIT PREPARED 'two'");
    try (TestJob job = job().from(savepoint).start()) {
      job.awaitEvents(2);
      assertThat(job.keys()).containsExactly("1", "2");
    }
  }

  @Test
  void keepsTheSlotAndLetsItGoWhenTheJobIsCancelled() {
    try (TestJob job = job().start()) {
      await().atMost(PATIENCE).until(shard::slotIsActive);
      assertThat(job.attempts).hasValue(1);
    }
    await().atMost(PATIENCE).until(() -> !shard.slotIsActive());
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                shard
                    .query(
                        "SELECT application_name FROM pg_stat_activity"
                            + " WHERE datname = current_database() AND pid <> pg_backend_pid()")
                    .isEmpty());
  }

  @Test
  void refusesAStateThatTheSlotHasLeftBehind() {
    String savepoint;
    try (TestJob job = job().start()) {
      shard.sql("INSERT INTO t VALUES (1)");
      job.awaitEvents(1);
      savepoint = job.stopWithSavepoint(savepoints);
    }
    shard.sql("INSERT INTO t VALUES (2)");
    await().atMost(PATIENCE).until(() -> !shard.slotIsActive());
    shard.query("SELECT pg_replication_slot_advance('" + shard.slot + "', pg_current_wal_lsn())");
    try (TestJob job = job().from(savepoint).start()) {
      assertThat(job.failure())
          .hasStackTraceContaining(SuppressRestartsException.class.getName())
          .hasStackTraceContaining("further than the restored state")
          .hasStackTraceContaining(shard.slot);
    }
  }

  @Test
  void refusesToStartWithoutTheSlotAndMakesNone() {
    shard.query("SELECT pg_drop_replication_slot('" + shard.slot + "')");
    try (TestJob job = job().start()) {
      assertThat(job.failure())
          .hasStackTraceContaining(SuppressRestartsException.class.getName())
          .hasStackTraceContaining("The slot does not exist");
    }
    assertThat(
            shard.query(
                "SELECT slot_name FROM pg_replication_slots WHERE slot_name = '"
                    + shard.slot
                    + "'"))
        .isEmpty();
  }

  @Test
  void makesNoNewSlotWhenItIsLostUnderARunningJob() {
    try (TestJob job = job().start()) {
      shard.sql("INSERT INTO t VALUES (1)");
      job.awaitEvents(1);
      shard.close();
      assertThat(job.failure())
          .hasStackTraceContaining(SuppressRestartsException.class.getName())
          .hasStackTraceContaining("The slot does not exist");
    }
    assertThat(
            shard.query(
                "SELECT slot_name FROM pg_replication_slots WHERE slot_name = '"
                    + shard.slot
                    + "'"))
        .isEmpty();
  }

  @Test
  void recoversWhenTheServerEndsItsSession() {
    try (TestJob job = job().start()) {
      shard.sql("INSERT INTO t VALUES (1)");
      job.awaitEvents(1);
      shard.query(
          "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '"
              + shard.slot
              + "'");
      shard.sql("INSERT INTO t VALUES (2)");
      await().atMost(PATIENCE).until(() -> job.keys().contains("2"));
      assertThat(job.status()).isEqualTo(JobStatus.RUNNING);
    }
  }

  private TestJob job() {
    return TestJob.of(
        ChangeSource.of(shard.settings(TestShard.table(0, "public", "t", "id", "bigint"))));
  }
}
