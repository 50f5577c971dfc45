package io.reshard.verifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.CurrentVerification;
import io.reshard.core.control.Mismatch;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs that end before they have compared everything, and go on. The migration job is played. */
final class ResumedRunITCase {
  private static final VerificationMode MODE = VerificationMode.COUNT_AND_CHECKSUM;

  private Shards shards;
  private VerificationRuns runs;

  @BeforeEach
  void start() throws Exception {
    shards = Shards.start(1_500);
    shards.playJob(1, 7);
    runs = new VerificationRuns(shards.control(), shards.plan());
  }

  @Test
  void finishedSplitsAreKeptForAsLongAsTheJobGoesOn() throws Exception {
    assertThat(shards.verify("first").consistent()).isTrue();
    forget(3);
    assertThat(runs.resumable(MODE))
        .hasValueSatisfying(r -> assertThat(r.run()).isEqualTo("first"));
    assertThat(runs.resumable(VerificationMode.COUNT)).isEmpty();
    // The orders of shard-0 were counted together, and the other tables are not read again.
    String moved = shards.plan().oldRouting(shards.plan().tables().get(0), "t").ownedBy("shard-0");
    String lost = shards.value("shard-2", "SELECT max(id) FROM orders t WHERE " + moved);
    for (String table : new String[] {"orders", "kinds"}) {
      shards.run("shard-2", "DELETE FROM " + table + " WHERE id = " + lost);
    }

    VerificationReport report = shards.verify("first");

    assertThat(report.unverified()).isZero();
    assertThat(report.mismatchSamples())
        .containsExactly(new Mismatch(Shards.ORDERS, lost, Mismatch.Kind.MISSING));
    assertThat(runs.resumable(MODE)).as("it has found differences").isEmpty();
  }

  @Test
  void whatWasNotDecidedIsReadAgain() throws Exception {
    shards.registerHeartbeats();
    String lost = shards.value("shard-2", "SELECT min(id) FROM orders");
    shards.run(
        "shard-2",
        "CREATE TABLE kept AS SELECT id, customer, status, amount, factor FROM orders WHERE id = "
            + lost,
        "DELETE FROM orders WHERE id = " + lost);
    assertThat(shards.verify("first").undecidedSamples()).hasSize(1);

    shards.run(
        "shard-2", "INSERT INTO orders (id, customer, status, amount, factor) SELECT * FROM kept");
    assertThat(runs.resumable(MODE)).isPresent();
    assertThat(shards.verify("first").consistent()).isTrue();
    assertThat(new CurrentVerification(shards.control(), shards.plan(), MODE).require().run())
        .isEqualTo("first");
  }

  @Test
  void nothingIsKeptOnceTheJobHasRestarted() throws Exception {
    shards.verify("first");
    forget(0);
    shards.playJob(2, 8);

    assertThat(runs.resumable(MODE)).isEmpty();
    assertThatThrownBy(() -> shards.verify("first"))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.VERIFICATION_STALE));
    assertThat(shards.verify("second").consistent()).isTrue();
  }

  @Test
  void aThrottledRunWaitsAndStopsOnRequest() throws Exception {
    ThrottleStore throttle = new ThrottleStore(shards.control());
    String operation = shards.plan().planId();
    throttle.set(operation, new Throttle(null, null, "SELECT 1", 0.0));
    CompletableFuture<VerificationReport> stopped =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return shards.verify("first");
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> !throttle.pauses(operation).isEmpty());
    assertThat(stopped).isNotDone();
    runs.requestStop("first");
    assertThat(stopped).succeedsWithin(Duration.ofSeconds(30));
    assertThat(stopped.get().steps()).allSatisfy(step -> assertThat(step.sourceRows()).isZero());
    assertThat(stopped.get().consistent()).isFalse();

    throttle.set(operation, Throttle.NONE);
    runs.submit("first", "another job");
    assertThat(runs.resumable(MODE))
        .hasValueSatisfying(r -> assertThat(r.job()).hasValue("another job"));
    assertThat(shards.verify("first").consistent()).isTrue();
  }

  @Test
  void rowsAreCountedOnceHoweverTheRunWasInterrupted() throws Exception {
    String moves = shards.value("shard-3", "SELECT max(customer) FROM orders");
    shards.run("shard-0", "INSERT INTO orders (id, customer) VALUES (888888, " + moves + ")");
    VerificationReport whole = shards.verify("first");
    assertThat(whole.strays()).singleElement().satisfies(one -> assertThat(one.rows()).isOne());

    // The job died between two batches: the orders of shard-0 end with split 4.
    assertThat(shards.tell("DELETE FROM verification WHERE split BETWEEN 3 AND 6")).isEqualTo(4);
    assertSame(shards.verify("first"), whole);
    // It died, or left a key undecided, after the other step of the same orders had agreed.
    assertThat(
            shards.tell("DELETE FROM verification WHERE split = 11 AND step = 'shard-1->shard-3'"))
        .isOne();
    assertSame(shards.verify("first"), whole);
  }

  private static void assertSame(VerificationReport report, VerificationReport whole) {
    assertThat(report.consistent()).isTrue();
    assertThat(report.steps()).isEqualTo(whole.steps());
    assertThat(report.strays()).isEqualTo(whole.strays());
  }

  @Test
  void aStopIsForgottenByWhoGoesOnByHandAndByNobodyElse() throws Exception {
    Verification verification =
        new Verification(
            shards.plan(), shards.secrets(), "first", MODE, 10, true, Duration.ofSeconds(1));
    runs.begin("first", MODE);
    runs.submit("first", "a job");
    runs.requestStop("first");

    assertThat(VerificationJob.openSplits(shards.plan(), verification, true)).isNotEmpty();
    assertThat(runs.stopRequested("first")).as("it came after the job was noted").isTrue();
    assertThat(shards.verify("first").consistent()).isTrue();
  }

  private void forget(int split) {
    assertThat(shards.tell("DELETE FROM verification WHERE split = ?", split)).isPositive();
  }
}
