package io.reshard.orchestrator.phase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.flink.JobFailure;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobStatus;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is deleted after the switch, when, and how much at a time. */
class CleanUpITCase {
  private PlayedOperation played;
  private String moved;

  @BeforeEach
  void switchOver() throws SQLException {
    played = PlayedOperation.start();
    played.drive(null);
    moved = played.moved("shard-1");
    assertThat(played.count("shard-1", moved)).isPositive();
  }

  @AfterEach
  void stop() {
    played.close();
  }

  private CleanUp cleanUp(ReshardingOptions.Builder options) {
    return new CleanUp(played.context(options.build()), played.cutover);
  }

  private CleanUp cleanUp() {
    return cleanUp(ReshardingOptions.builder());
  }

  private static ReshardingOptions.Builder impatient() {
    return ReshardingOptions.builder().replicationTimeout(Duration.ofSeconds(1));
  }

  private static void assertFails(ErrorCode code, String message, Runnable call) {
    assertThatThrownBy(call::run)
        .hasMessageContaining(message)
        .isInstanceOfSatisfying(
            ReshardingException.class, e -> assertThat(e.errorCode()).isEqualTo(code));
  }

  /** The operation is where it was, says why, and can still be rolled back. */
  private void assertNothingIsGivenUp(long rows, String reason) throws SQLException {
    assertThat(played.count("shard-1", "true")).isEqualTo(rows);
    assertThat(played.operation().phase()).isEqualTo(Phase.CLEANING_UP);
    assertThat(played.operation().error().code()).isEqualTo(ErrorCode.WAY_BACK_BEHIND.code());
    assertThat(played.operation().error().message()).contains(reason);
    assertThat(played.cutover.status(played.context().reversed())).isEmpty();
  }

  @Test
  void deletesNothingWhileTheReverseJobIsBehind() throws SQLException {
    long before = played.count("shard-1", "true");
    played.sql(
        "UPDATE job_progress SET value = 1 WHERE kind = 'frontier' AND operation_id = ?",
        played.plan.reversed().planId());
    assertFails(
        ErrorCode.WAY_BACK_BEHIND,
        "nothing has come through the reverse job for 1s",
        () -> cleanUp(impatient()).run());
    assertNothingIsGivenUp(before, "[shard-0, shard-1]");

    // What a job that died a moment ago has left behind: what counts is what one lets through.
    played.sql(
        "UPDATE job_progress SET value = ? WHERE kind = 'frontier' AND operation_id = ?",
        System.currentTimeMillis(),
        played.plan.reversed().planId());
    assertFails(ErrorCode.WAY_BACK_BEHIND, "complete --force", () -> cleanUp(impatient()).run());
    assertNothingIsGivenUp(before, "nothing has come through");

    assertThat(cleanUp(impatient()).force().phase()).isEqualTo(Phase.COMPLETED);
    assertThat(played.count("shard-1", moved)).isZero();
  }

  @Test
  void deletesNothingOnceTheWayBackIsLost() throws SQLException {
    long before = played.count("shard-1", "true");
    played.cluster.jobs.clear();
    played.cluster.onMigration =
        submission -> {
          played.cluster.jobs.put(submission.jobId(), JobStatus.FAILED);
          played.cluster.failure =
              Optional.of(new JobFailure(Optional.of(ErrorCode.KEY_COLLISION), "two rows, one id"));
          played.sql("UPDATE job_progress SET value = 1 WHERE kind = 'frontier'");
        };
    assertFails(ErrorCode.WAY_BACK_BEHIND, "two rows, one id", () -> cleanUp().run());
    assertNothingIsGivenUp(before, "two rows, one id");
    // The end of the retention is no reason to delete either.
    ReshardingOptions.Builder ended = ReshardingOptions.builder().cleanupRetention(Duration.ZERO);
    assertThat(new Retention(played.context(ended.build()), played.cutover).keep().phase())
        .isEqualTo(Phase.CLEANING_UP);
    assertFails(ErrorCode.WAY_BACK_BEHIND, "two rows, one id", () -> cleanUp(ended).run());
    assertNothingIsGivenUp(before, "two rows, one id");

    played.cluster.onMigration = played::reportCopy;
    played.execute("shard-2", "DELETE FROM reshard.heartbeat");
    assertFails(
        ErrorCode.WAY_BACK_BEHIND, "the change capture of shard-2 is gone", () -> cleanUp().run());
    assertNothingIsGivenUp(before, "shard-2");
  }

  @Test
  void deletesInTransactionsOfABatch() throws SQLException {
    long rows = played.count("shard-1", moved);
    long kept = played.count("shard-1", "NOT (" + moved + ")");
    assertThat(rows).isGreaterThan(14);
    played.execute(
        "shard-1",
        "CREATE TABLE batch (transaction xid8, rows bigint)",
        "CREATE FUNCTION note_batch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            + " INSERT INTO batch SELECT pg_current_xact_id(), count(*) FROM gone;"
            + " RETURN NULL; END $$",
        "CREATE TRIGGER note_batch AFTER DELETE ON orders REFERENCING OLD TABLE AS gone"
            + " FOR EACH STATEMENT EXECUTE FUNCTION note_batch()",
        "ALTER TABLE orders ENABLE ALWAYS TRIGGER note_batch");
    // The reverse job had been lost, for instance with the cluster inside another command.
    played.cluster.jobs.clear();
    Operation operation = cleanUp(ReshardingOptions.builder().copyBatchSize(7)).run();
    assertThat(operation.phase()).isEqualTo(Phase.COMPLETED);
    assertThat(played.cluster.migrations).hasSize(3);
    assertThat(played.cluster.migrations.get(2).space()).isEqualTo(played.plan.reversed().planId());
    assertThat(played.cluster.jobs.values()).containsOnly(JobStatus.CANCELED);
    assertThat(played.count("shard-1", "true")).isEqualTo(kept);
    assertThat(played.number("shard-1", "SELECT sum(rows) FROM batch")).isEqualTo(rows);
    assertThat(
            played.number(
                "shard-1",
                "SELECT max(rows) FROM (SELECT sum(rows) AS rows FROM batch GROUP BY transaction)"
                    + " t"))
        .isEqualTo(7);
  }

  @Test
  void waitsWhileTheThrottleSaysSo() throws Exception {
    String id = played.plan.planId();
    ThrottleStore throttles = new ThrottleStore(played.system.control());
    throttles.set(id, new Throttle(null, null, "SELECT 2", 1.0));
    long before = played.count("shard-1", "true");
    CompletableFuture<Operation> running = CompletableFuture.supplyAsync(cleanUp()::run);
    Awaitility.await().until(() -> !throttles.pauses(id).isEmpty());
    assertThat(throttles.pauses(id).get(0).reason()).contains("above 1.0");
    assertThat(running).isNotDone();
    assertThat(played.count("shard-1", "true")).isEqualTo(before);
    throttles.set(id, Throttle.NONE);
    assertThat(running.get(1, TimeUnit.MINUTES).phase()).isEqualTo(Phase.COMPLETED);
    assertThat(played.count("shard-1", moved)).isZero();
    assertThat(throttles.pauses(id)).isEmpty();
  }

  @Test
  @Tag("long")
  void deletesNoFasterThanTheThrottleHasIt() throws SQLException {
    long rows = played.count("shard-1", moved);
    long bytes = played.orders().bytesOf(rows);
    // The other tables' rows come on top of these two seconds.
    Throttle slow = new Throttle(bytes / 2, null, null, null);
    new ThrottleStore(played.system.control()).set(played.plan.planId(), slow);
    long start = System.nanoTime();
    cleanUp(ReshardingOptions.builder().copyBatchSize(10)).run();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(1500));
    assertThat(played.count("shard-1", moved)).isZero();
  }

  /** A clean-up that fails ends the operation all the same, and can be run again. */
  @Test
  void isCompletedWithWhatItCouldNotDelete() throws SQLException {
    played.execute(
        "shard-1",
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            + " RAISE EXCEPTION 'orders are for ever'; END $$",
        "CREATE TRIGGER refuse BEFORE DELETE ON orders EXECUTE FUNCTION refuse()",
        "ALTER TABLE orders ENABLE ALWAYS TRIGGER refuse");
    assertFails(ErrorCode.CLEANUP_FAILED, "orders are for ever", () -> cleanUp().run());
    assertThat(played.operation().phase()).isEqualTo(Phase.COMPLETED);
    OperationStatus status = new StatusReader(played.system.control()).read(played.plan.planId());
    assertThat(status.overallPercentComplete()).isEqualTo(100.0);
    assertThat(status.error().code()).isEqualTo(ErrorCode.CLEANUP_FAILED.code());
    assertThat(status.error().message()).contains("shard-1", "orders are for ever");
    assertThat(played.count("shard-1", moved)).isPositive();

    played.execute("shard-1", "DROP TRIGGER refuse ON orders");
    // Nobody asks for the reverse job any more: there is no way back that could be behind.
    played.cluster.jobs.clear();
    Operation again = cleanUp(impatient()).run();
    assertThat(again.phase()).isEqualTo(Phase.COMPLETED);
    assertThat(again.error()).isNull();
    assertThat(played.count("shard-1", moved)).isZero();
  }

  @Test
  void deletesNothingThatALaterOperationMayHaveBroughtBack() throws SQLException {
    long before = played.count("shard-1", "true");
    played.sql(
        "INSERT INTO operation (id, phase, plan, options)"
            + " SELECT 'later', 'FAILED', jsonb_set(plan, '{source,version}', '2'), options"
            + " FROM operation WHERE id = ?",
        played.plan.planId());
    assertCleansUpNoRows("operation later may need the rows", before);
    played.sql("DELETE FROM operation WHERE id = 'later'");

    played.sql("INSERT INTO topology SELECT version + 1, document FROM topology WHERE version = 2");
    played.sql("UPDATE active_topology SET version = 3");
    assertCleansUpNoRows("version 3 of the topology is active, not 2", before);

    played.sql("UPDATE active_topology SET version = 2");
    assertThat(cleanUp().run().error()).isNull();
    assertThat(played.count("shard-1", "true")).isLessThan(before);
  }

  private void assertCleansUpNoRows(String reason, long rows) throws SQLException {
    assertFails(ErrorCode.CLEANUP_FAILED, reason, () -> cleanUp().run());
    assertThat(played.operation().phase()).isEqualTo(Phase.COMPLETED);
    assertThat(played.operation().error().message()).contains(reason);
    assertThat(played.count("shard-1", "true")).isEqualTo(rows);
  }
}
