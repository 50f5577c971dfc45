package io.reshard.orchestrator.phase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.ShardRecord;
import io.reshard.core.control.TopologyStore;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.topology.ShardStatus;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.JobFailure;
import io.reshard.orchestrator.flink.JobSubmission;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The phases against real databases; the job and the switch are played. */
class OperationDriverITCase {
  private PlayedOperation played;
  private LiveSystem system;
  private Plan plan;
  private OperationStore store;
  private FakeCluster cluster;
  private FakeCutover cutover;

  @BeforeEach
  void start() throws SQLException {
    played = PlayedOperation.start();
    system = played.system;
    plan = played.plan;
    store = played.store;
    cluster = played.cluster;
    cutover = played.cutover;
  }

  @AfterEach
  void stop() {
    played.close();
  }

  private OperationContext context(ReshardingOptions options) {
    return played.context(options);
  }

  private OperationContext context() {
    return played.context();
  }

  private Operation drive(Phase until) {
    return played.drive(until);
  }

  private static void assertFails(ErrorCode code, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            ReshardingException.class, e -> assertThat(e.errorCode()).isEqualTo(code));
  }

  private ShardRecord shard(String id) {
    return new TopologyStore(system.control())
        .shards().stream().filter(one -> one.shardId().equals(id)).findFirst().orElse(null);
  }

  private long count(String shard, String condition) throws SQLException {
    return played.count(shard, condition);
  }

  @Test
  void tellsOfEveryCompletedPhaseWhateverComesOfIt() throws IOException {
    List<String> told = new ArrayList<>();
    ReshardingOptions options =
        ReshardingOptions.builder()
            .onPhaseCompleted(
                event -> {
                  JsonNode status = new ObjectMapper().readTree(event.statusJson());
                  told.add(event.phase() + " " + status.path("lastCompletedPhase").asText());
                  throw new IllegalStateException("nobody cares");
                })
            .build();
    new OperationDriver(context(options), cutover).drive(Optional.of(Phase.REPLICATING));
    new OperationDriver(context(options), cutover).drive(Optional.empty());
    assertThat(new CleanUp(context(options), cutover).run().phase()).isEqualTo(Phase.COMPLETED);
    assertThat(told)
        .containsExactly(
            "PLANNING PLANNING",
            "COPYING COPYING",
            "REPLICATING REPLICATING",
            "VERIFYING VERIFYING",
            "CUTTING_OVER CUTTING_OVER",
            "CLEANING_UP CLEANING_UP");
  }

  @Test
  void stopsWhereItIsToldAndGoesOnFromThere() throws SQLException {
    // Whoever has been told the operation's id finds its shards.
    assertThat(shard("shard-2").status()).isEqualTo(ShardStatus.PENDING);
    Operation replicating = drive(Phase.REPLICATING);
    assertThat(replicating.phase()).isEqualTo(Phase.REPLICATING);
    assertThat(replicating.phaseCompleted()).isTrue();
    assertThat(shard("shard-2").status()).isEqualTo(ShardStatus.PENDING);
    assertThat(count("shard-2", "true")).isZero();

    assertThat(drive(Phase.VERIFYING).phase()).isEqualTo(Phase.VERIFYING);
    assertThat(new StatusReader(system.control()).read(plan.planId()).steps())
        .allMatch(OperationStatus.StepStatus::verified);
    assertThat(drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
    assertThat(jobStatus(0)).isEqualTo(JobStatus.CANCELED);
    assertKeepsTheWayBack();

    String moved = played.moved("shard-1");
    long kept = count("shard-1", "NOT (" + moved + ")");
    assertThat(count("shard-1", moved)).isPositive();
    assertThat(new CleanUp(context(), cutover).run().phase()).isEqualTo(Phase.COMPLETED);
    assertThat(jobStatus(1)).isEqualTo(JobStatus.CANCELED);
    assertFails(ErrorCode.ROLLBACK_NOT_AVAILABLE, () -> new Rollback(context(), cutover).run());
    assertThat(count("shard-1", moved)).isZero();
    assertThat(count("shard-1", "true")).isEqualTo(kept);
    assertThat(store.history(plan.planId())).hasSize(7).allMatch(one -> one.completedAt() != null);
  }

  @Test
  void passesNoPasswordAndLeavesNoFile() {
    cluster.onMigration =
        submission -> {
          assertThat(submission.arguments()).contains("--plan", "--secrets").hasSize(4);
          played.reportCopy(submission);
        };
    drive(Phase.COPYING);
    for (String argument : cluster.migrations.get(0).arguments()) {
      assertThat(
              argument.startsWith("--")
                  || !java.nio.file.Files.exists(java.nio.file.Path.of(argument)))
          .isTrue();
    }
  }

  @Test
  void submitsALostJobAgainFromItsCheckpoint() {
    drive(Phase.COPYING);
    cluster.jobs.clear();
    cluster.checkpoint = Optional.of("file:/checkpoints/chk-7");
    drive(Phase.REPLICATING);
    assertThat(cluster.migrations).hasSize(2);
    assertThat(cluster.migrations.get(1).restoreFrom()).hasValue("file:/checkpoints/chk-7");
    assertThat(store.get(plan.planId()).jobId())
        .isEqualTo(cluster.migrations.get(1).jobId().toHexString());
  }

  @Test
  void pausesForWhatPassesAndGoesOn() {
    cluster.onMigration =
        submission -> {
          if (cluster.migrations.size() == 1) {
            cluster.jobs.clear();
            throw new ReshardingException(ErrorCode.SOURCE_UNAVAILABLE, "shard-0 is away");
          }
          assertThat(store.get(plan.planId()).error().message()).isEqualTo("shard-0 is away");
          played.reportCopy(submission);
        };
    Operation operation = drive(Phase.COPYING);
    assertThat(operation.error()).isNull();
    assertThat(cluster.migrations).hasSize(2);
  }

  /** Race 16 of docs/architecture.md: whoever wakes up does not go on with what has failed. */
  @Test
  void endsIfARollbackHasFailedWhileItPaused() {
    FakeCluster another = new FakeCluster();
    another.onCancel =
        job -> {
          throw new ReshardingException(ErrorCode.INTERNAL, "the rollback fails");
        };
    AtomicReference<Operation> left = new AtomicReference<>();
    cluster.onMigration =
        submission -> {
          OperationContext onAnother =
              new OperationContext(
                  plan,
                  system.secrets(),
                  system.control(),
                  context().options(),
                  Optional.of(another),
                  Optional.empty());
          assertFails(ErrorCode.ROLLBACK_FAILED, () -> new Rollback(onAnother, cutover).run());
          left.set(store.get(plan.planId()));
          cluster.jobs.clear();
          throw new ReshardingException(ErrorCode.SOURCE_UNAVAILABLE, "shard-0 is away");
        };
    assertFails(ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED, () -> drive(null));
    assertThat(left.get().phase()).isEqualTo(Phase.FAILED);
    assertThat(store.get(plan.planId())).isEqualTo(left.get());
    assertThat(cluster.migrations).hasSize(1);
    assertThat(shard("shard-2").status()).isEqualTo(ShardStatus.PENDING);
  }

  @Test
  void failsForWhatAPersonMustMendAndResumes() {
    cluster.onMigration =
        submission -> {
          cluster.jobs.put(submission.jobId(), JobStatus.FAILED);
          cluster.failure =
              Optional.of(new JobFailure(Optional.of(ErrorCode.KEY_COLLISION), "two owners"));
        };
    assertFails(ErrorCode.KEY_COLLISION, () -> drive(null));
    Operation failed = store.get(plan.planId());
    assertThat(failed.phase()).isEqualTo(Phase.FAILED);
    assertThat(failed.lastCompletedPhase()).isEqualTo(Phase.PLANNING);
    assertThat(failed.error().code()).isEqualTo(ErrorCode.KEY_COLLISION.code());
    assertThat(shard("shard-2").status()).isEqualTo(ShardStatus.FAILED);
    assertThat(shard("shard-2").reason()).contains("two owners");

    cluster.onMigration = played::reportCopy;
    assertThat(drive(Phase.COPYING).phase()).isEqualTo(Phase.COPYING);
    assertThat(shard("shard-2").status()).isEqualTo(ShardStatus.PENDING);
  }

  @Test
  void failsOnDifferencesAndRollsBackByItselfIfItMay() {
    cluster.onVerification = submission -> played.reportVerification(submission, 2);
    ReshardingOptions options = ReshardingOptions.builder().rollbackOnFailure(true).build();
    assertFails(
        ErrorCode.VERIFICATION_FAILED,
        () -> new OperationDriver(context(options), cutover).drive(Optional.empty()));
    assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.ROLLED_BACK);
    assertThat(cutover.undone).isEqualTo(1);
  }

  @Test
  void failsWhereTheLagStaysLong() {
    cluster.onMigration =
        submission -> {
          played.reportCopy(submission);
          played.sql("UPDATE job_progress SET value = 1 WHERE kind = 'frontier'");
        };
    ReshardingOptions options =
        ReshardingOptions.builder().replicationTimeout(Duration.ofSeconds(1)).build();
    assertFails(
        ErrorCode.REPLICATION_FAILED,
        () -> new OperationDriver(context(options), cutover).drive(Optional.empty()));
    assertThat(store.get(plan.planId()).error().message()).contains("did not stay under 5s");
  }

  @Test
  void leavesARefusedCutoverToAPerson() {
    cutover.failure =
        Optional.of(new ReshardingException(ErrorCode.CUTOVER_ABORTED, "the gate says no"));
    assertFails(ErrorCode.CUTOVER_ABORTED, () -> drive(null));
    assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.FAILED);
    cutover.failure = Optional.empty();
    OperationDriver driver = new OperationDriver(context(), cutover);
    assertThat(driver.drive(Optional.empty()).phase()).isEqualTo(Phase.CLEANING_UP);
    assertThat(driver.cutoverReport()).map(CutoverReport::topologyVersion).hasValue(2L);
    assertKeepsTheWayBack();
  }

  @Test
  void verifiesAgainWhereTheGateFindsThatItNoLongerHolds() {
    ReshardingException stale =
        new ReshardingException(ErrorCode.VERIFICATION_STALE, "the job was started again");
    AtomicInteger runs = new AtomicInteger();
    cluster.onVerification =
        submission -> {
          played.reportVerification(submission, 0);
          cutover.failure = runs.incrementAndGet() == 1 ? Optional.of(stale) : Optional.empty();
        };
    assertThat(drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
    assertThat(runs).hasValue(2);
  }

  @Test
  void aSecondVerificationDoesNotBeginWhileOneIsAtWork() {
    drive(Phase.REPLICATING);
    JobID job = JobID.generate();
    VerificationRuns runs = new VerificationRuns(system.control(), plan);
    runs.begin("first", VerificationMode.COUNT);
    runs.submit("first", job.toHexString());
    Verification verification = new Verification(context(), cluster);
    verification.requireNoneAtWork();
    cluster.jobs.put(job, JobStatus.RUNNING);
    assertThatThrownBy(verification::requireNoneAtWork)
        .hasMessageContaining("as job " + job)
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.CONCURRENT_RESHARDING_NOT_ALLOWED));
    cluster.jobs.put(job, JobStatus.FINISHED);
    verification.requireNoneAtWork();
  }

  private JobStatus jobStatus(int submission) {
    return cluster.jobs.get(cluster.migrations.get(submission).jobId());
  }

  /** A second job, which starts from nothing of the first, is the one that is shown. */
  private void assertKeepsTheWayBack() {
    assertThat(cluster.migrations).hasSize(2);
    JobSubmission back = cluster.migrations.get(1);
    assertThat(back.space()).isEqualTo(plan.reversed().planId());
    assertThat(back.restoreFrom()).isEmpty();
    assertThat(jobStatus(1)).isEqualTo(JobStatus.RUNNING);
    OperationStatus status = new StatusReader(system.control()).read(plan.planId());
    assertThat(status.jobId()).isEqualTo(back.jobId().toHexString());
    assertThat(status.lagMillis()).isNotNull();
  }

  @Test
  void switchesBackAfterTheSwitch() {
    cluster.checkpoint = Optional.of("file:/checkpoints/chk-1");
    drive(null);
    cluster.jobs.clear();
    RollbackReport report = new Rollback(context(), cutover).run();
    assertThat(report.topologyVersion()).isEqualTo(3);
    assertThat(report.removed()).anyMatch(one -> one.contains("database app_2"));
    assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.ROLLED_BACK);
    assertThat(shard("shard-2")).isNull();
    // The job of the way back had been lost, and was needed.
    assertThat(cluster.migrations).hasSize(3);
    assertFails(ErrorCode.ROLLBACK_NOT_AVAILABLE, () -> new Rollback(context(), cutover).run());
  }

  @Test
  void leavesTheNewTopologyInForceWhereItCannotGoBack() {
    drive(null);
    cutover.failure =
        Optional.of(new ReshardingException(ErrorCode.CUTOVER_TIMEOUT, "the drain was not over"));
    assertFails(ErrorCode.ROLLBACK_FAILED, () -> new Rollback(context(), cutover).run());
    Operation operation = store.get(plan.planId());
    assertThat(operation.phase()).isEqualTo(Phase.CLEANING_UP);
    assertThat(operation.error().message()).contains("the drain was not over");
    cutover.failure = Optional.empty();
    assertThat(new Rollback(context(), cutover).run().rolledBack()).isTrue();
  }

  @Test
  void deletesNothingWhileItIsBeingRolledBack() throws SQLException {
    drive(null);
    String back = plan.reversed().planId();
    cutover.statuses.put(back, CutoverStatus.OPEN);
    long before = count("shard-1", "true");
    assertFails(ErrorCode.INVALID_PHASE_TRANSITION, () -> new CleanUp(context(), cutover).run());
    assertThat(count("shard-1", "true")).isEqualTo(before);
    assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.CLEANING_UP);

    ReshardingOptions ended = ReshardingOptions.builder().cleanupRetention(Duration.ZERO).build();
    Operation kept = new Retention(context(ended), cutover).keep();
    assertThat(kept.phase()).isEqualTo(Phase.CLEANING_UP);
    assertThat(cutover.statuses).containsEntry(back, CutoverStatus.ABORTED);
    cutover.statuses.put(back, CutoverStatus.SWITCHED);
    assertThat(new Retention(context(ended), cutover).keep().phase()).isEqualTo(Phase.ROLLED_BACK);
  }

  @Test
  void rollsBackToWhatWasThere() throws SQLException {
    drive(Phase.REPLICATING);
    // shard-1 takes rows from shard-0: what was copied goes, what it owned stays.
    String arriving =
        plan.oldRouting(played.orders(), "o").ownedBy("shard-0")
            + " AND "
            + plan.newRouting(played.orders(), "o").ownedBy("shard-1");
    long before = count("shard-1", "true");
    copyArriving(arriving);
    assertThat(count("shard-1", "true")).isGreaterThan(before);

    InMemorySpanExporter spans = InMemorySpanExporter.create();
    RollbackReport report = new Rollback(traced(spans), cutover).run();
    assertThat(report.rolledBack()).isTrue();
    assertThat(spans.getFinishedSpanItems())
        .singleElement()
        .satisfies(
            span -> {
              assertThat(span.getName()).isEqualTo("resharding.execution");
              assertThat(span.getAttributes().get(Tags.PHASE)).isEqualTo("ROLLED_BACK");
            });
    assertThat(report.topologyVersion()).isEqualTo(1);
    assertThat(report.removed()).anyMatch(one -> one.contains("database app_2"));
    assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.ROLLED_BACK);
    assertThat(count("shard-1", "true")).isEqualTo(before);
    assertThat(shard("shard-2")).isNull();
    assertThatThrownBy(() -> count("shard-2", "true")).hasMessageContaining("does not exist");
    assertFails(ErrorCode.ROLLBACK_NOT_AVAILABLE, () -> new Rollback(context(), cutover).run());
  }

  private OperationContext traced(InMemorySpanExporter spans) {
    return new OperationContext(
        plan,
        system.secrets(),
        system.control(),
        ReshardingOptions.builder().build(),
        Optional.of(cluster),
        Optional.empty(),
        SdkTracerProvider.builder()
            .addSpanProcessor(SimpleSpanProcessor.create(spans))
            .build()
            .get("test"));
  }

  private void copyArriving(String condition) throws SQLException {
    try (Connection from = context().endpoint("shard-0").connect("test");
        Connection to = context().endpoint("shard-1").connect("test");
        Statement read = from.createStatement();
        ResultSet rows =
            read.executeQuery("SELECT o.id, o.customer_id FROM orders AS o WHERE " + condition);
        Statement write = to.createStatement()) {
      write.execute("SET session_replication_role = replica");
      while (rows.next()) {
        write.execute(
            "INSERT INTO orders (id, customer_id, status, version) VALUES (%d, %d, 'X', 1)"
                .formatted(rows.getLong(1), rows.getLong(2)));
      }
    }
  }

  @Test
  void endsAnotherDriverBeforeItRollsBack() throws Exception {
    cluster.onMigration = submission -> {};
    CompletableFuture<Operation> driver = CompletableFuture.supplyAsync(() -> drive(null));
    Awaitility.await().until(() -> !cluster.migrations.isEmpty());
    new Rollback(context(), cutover).run();
    assertThatThrownBy(() -> driver.get(1, TimeUnit.MINUTES))
        .hasCauseInstanceOf(ReshardingException.class);
    assertThat(store.get(plan.planId()).phase()).isEqualTo(Phase.ROLLED_BACK);
    assertThat(List.copyOf(cluster.jobs.values())).containsOnly(JobStatus.CANCELED);
  }
}
