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
    forget(0);
    assertThat(runs.resumable(MODE))
        .hasValueSatisfying(r -> assertThat(r.run()).isEqualTo("first"));
    assertThat(runs.resumable(VerificationMode.COUNT)).isEmpty();
    // The first split of shard-0 ends at 200, and the second one is not read again.
    String moved = shards.plan().oldRouting(shards.plan().tables().get(0), "t").ownedBy("shard-0");
    String first = "SELECT min(id) FROM orders t WHERE " + moved;
    String lost = shards.value("shard-2", first);
    String unseen = shards.value("shard-2", first + " AND id >= 200");
    for (String id : new String[] {lost, unseen}) {
      shards.run("shard-2", "DELETE FROM orders WHERE id = " + id);
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

  private void forget(int split) {
    assertThat(shards.tell("DELETE FROM verification WHERE split = ?", split)).isPositive();
  }
}
