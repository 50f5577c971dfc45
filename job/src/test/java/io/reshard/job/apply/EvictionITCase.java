package io.reshard.job.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.reshard.core.TestServer;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.Epoch;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.shard.TargetEpoch;
import io.reshard.job.Migration;
import io.reshard.job.progress.ProgressUpdate;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * An eviction that nothing but its note makes good: an item gives its code to another one; the
 * writer of the taker reads the giver again, and finds the target's row stale; just then the
 * giver's lane writes its newest row; and that is what the writer evicts. No event follows.
 */
class EvictionITCase {
  private static final long TAKER = 2;
  private static final long GIVER = 4;

  private ItemShards shards;
  private ItemApplication application;
  private ItemLane takersLane;
  private ItemLane giversLane;

  @BeforeEach
  void evictTheNewestRow() throws Exception {
    shards = new ItemShards();
    shards.reset(2);
    takersLane = new ItemLane(shards, shards.newAttempt(), 0);
    giversLane = new ItemLane(shards, shards.sameAttempt(), 1);
    application =
        new ItemApplication(
            shards, change -> (change.id() == TAKER ? takersLane : giversLane).add(change));

    application.pass(0, GIVER, 0, TAKER);
    takersLane.fetch(1);
    takersLane.join();
    takersLane.write(this::writeTheGiver);
    takersLane.join();
    assertThat(shards.query(ItemShards.TARGET, "SELECT id FROM item WHERE id IN (2, 4)"))
        .as("the taker without the giver")
        .containsExactly("2");
  }

  private void writeTheGiver() {
    try {
      giversLane.fetch(1);
      giversLane.join();
      giversLane.write();
      giversLane.join();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void stop() throws Exception {
    application.close();
    takersLane.die();
    giversLane.die();
  }

  @Test
  void theWriterFetchesTheRowAgain() throws Exception {
    takersLane.settle(() -> {});

    assertTheTargetIsWhatTheSourcesAre();
  }

  /** The checkpoint that the job restarts from covers the giver's event: it is not replayed. */
  @Test
  void theNextAttemptFetchesItAgainIfTheWriterDiesBeforehand() throws Exception {
    Migration next = nextGeneration();
    new ControlDatabase(next.secrets().control().endpoint())
        .call(
            "complete the table",
            jdbi ->
                jdbi.withHandle(
                    handle ->
                        handle.execute(
                            "INSERT INTO job_progress (operation_id, kind, subject, generation,"
                                + " attempt, value) VALUES (?, 'table', 'public.item', 0, 0, 1)",
                            next.operationId())));

    openWriter(next);

    assertTheTargetIsWhatTheSourcesAre();
  }

  /** As an index that is being built would, a lock keeps everybody from writing. */
  @Test
  void theNextAttemptLeavesItToTheIndexBuilderWhileTheTableIsNotComplete() throws Exception {
    Migration next = nextGeneration();
    try (Connection builder = shards.connect(ItemShards.TARGET);
        Statement statement = builder.createStatement()) {
      builder.setAutoCommit(false);
      statement.execute("LOCK TABLE item IN SHARE MODE");
      openWriter(next);
    }
    assertThat(shards.query(ItemShards.TARGET, "SELECT key::text FROM reshard.refetch"))
        .containsExactly("{4}");

    Epoch epoch = next.epoch("builder");
    try (Connection target = shards.connect(ItemShards.TARGET)) {
      TargetEpoch.claim(target, next.operationId(), epoch, "shard-2");
    }
    try (Evictions evictions = new Evictions(next, epoch, "shard-2")) {
      evictions.settle(next.table(0));
    }
    assertTheTargetIsWhatTheSourcesAre();
  }

  private void openWriter(Migration next) throws Exception {
    takersLane.die();
    giversLane.die();
    OneInputStreamOperatorTestHarness<ChangeBlock, ProgressUpdate> writer =
        new OneInputStreamOperatorTestHarness<>(new ChangeWriter(next));
    try {
      writer.open();
    } finally {
      writer.close();
    }
  }

  private Migration nextGeneration() throws SQLException {
    Secrets.Control control =
        new Secrets.Control(
            TestServer.nodeUrl() + TestServer.createDatabase(), "postgres", "postgres");
    new ControlDatabase(control.endpoint()).migrate();
    Secrets secrets = new Secrets(TestServer.secrets("node-1").nodes(), control);
    return new Migration(shards.migration().plan(), secrets, 2);
  }

  /** The lane may only write once the older row is committed, or that would come last. */
  @Test
  void aLaneWaitsForWhoeverSettlesItsKey() throws Exception {
    takersLane.settle(this::changeAndWriteTheGiver);
    giversLane.join();

    assertTheTargetIsWhatTheSourcesAre();
  }

  private void changeAndWriteTheGiver() {
    try {
      application.touch(0, GIVER, false);
      giversLane.fetch(1);
      giversLane.join();
      giversLane.write();
      await().pollInSameThread().until(() -> !giversLane.isBusy() || isLockAwaited());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean isLockAwaited() throws SQLException {
    String waiting =
        "SELECT pid FROM pg_stat_activity"
            + " WHERE datname = current_database() AND wait_event_type = 'Lock'";
    return !shards.query(ItemShards.TARGET, waiting).isEmpty();
  }

  private void assertTheTargetIsWhatTheSourcesAre() throws SQLException {
    assertThat(shards.actual()).isEqualTo(shards.expected());
    assertThat(shards.query(ItemShards.TARGET, "SELECT key::text FROM reshard.refetch")).isEmpty();
  }
}
