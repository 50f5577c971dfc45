package io.reshard.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.plan.Split;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Splits that differ are read again: held back, stopped, and beside an application that writes. */
final class TracingITCase {
  private static final String RUN = "traced";
  private static final String SOURCE = "shard-1";
  private static final String STEP = "shard-1->shard-3";

  /** A job that lets nothing through is waited for as long. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final List<StepResult> results = new CopyOnWriteArrayList<>();
  private Shards shards;
  private VerificationRuns runs;
  private Stretch orders;

  @BeforeEach
  void start() throws Exception {
    shards = Shards.start(900);
    runs = new VerificationRuns(shards.control(), shards.plan());
    runs.begin(RUN, VerificationMode.COUNT_AND_CHECKSUM);
    orders =
        Stretch.of(shards.plan(), shards.plan().splits(), Long.MAX_VALUE).stream()
            .filter(one -> one.first().table() == 0 && one.first().source().equals(SOURCE))
            .findFirst()
            .orElseThrow();
  }

  @Test
  void readingAgainObeysTheByteRate() throws Exception {
    String lost = loseAnOrder();
    long bytes = shards.plan().tables().get(0).bytesOf(orders.range().estimatedRows());
    throttle(new Throttle(bytes / 4, null, null, null));
    long begin = System.nanoTime();

    trace();

    // What the first look at all splits has cost is paid before the one that differs is read.
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofMillis(3_500));
    assertThat(results).hasSize(orders.splits().size());
    assertThat(results)
        .filteredOn(result -> result.mismatches() > 0)
        .singleElement()
        .satisfies(result -> assertThat(result.samples()).contains("\"" + lost + "\"", "MISSING"));
  }

  @Test
  void readingAgainWaitsForAPlaceAndEndsOnRequest() throws Exception {
    loseAnOrder();
    throttle(new Throttle(null, 1, null, null));
    try (Connection reader = shards.connect(SOURCE);
        Statement place = reader.createStatement()) {
      place.execute("SELECT pg_advisory_lock(hashtext('reshard op-1 throttle'), 1)");
      CompletableFuture<Void> tracing = CompletableFuture.runAsync(this::trace);
      awaitTrue(
          "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()"
              + " AND application_name = 'reshard op-1 throttle'"
              + " AND query LIKE '%pg_try_advisory_lock%'");
      assertThat(tracing).isNotDone();

      runs.requestStop(RUN);

      assertThat(tracing).succeedsWithin(Duration.ofSeconds(5));
    }
    assertThat(results).as("what agrees, but came after the stop, included").isEmpty();
  }

  @Test
  void aStopEndsTheWaitForTheJob() throws Exception {
    shards.registerHeartbeats();
    String before = shards.value(SOURCE, ToyReplicator.HEARTBEAT);
    loseAnOrder();
    CompletableFuture<Void> tracing = CompletableFuture.runAsync(this::trace);
    awaitTrue("SELECT (" + ToyReplicator.HEARTBEAT + ") > " + before);
    assertThat(tracing).isNotDone();

    runs.requestStop(RUN);

    assertThat(tracing).succeedsWithin(Duration.ofSeconds(5));
    assertThat(results).as("no verdict on the split that differs").hasSize(4);
    assertThat(results).allMatch(result -> result.mismatches() + result.undecided() == 0);
  }

  @Test
  void aJobThatDiesDoesNotKeepTheWritersOfAHotRowWaiting() throws Exception {
    shards.registerHeartbeats();
    HotRow row = new HotRow(shards.value("shard-3", "SELECT min(id) FROM orders"));
    row.write();
    CompletableFuture<Void> writing = CompletableFuture.runAsync(row);

    trace();

    row.stopping = true;
    assertThat(writing).succeedsWithin(PATIENCE);
    assertThat(row.held).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(5));
    assertThat(results)
        .filteredOn(result -> result.undecided() > 0)
        .singleElement()
        .satisfies(result -> assertThat(result.samples()).contains("\"" + row.id + "\""));
    assertThat(results).allMatch(result -> result.mismatches() == 0);
  }

  /**
   * The application and the job at once: before a heartbeat is let through, a row is written to,
   * and its change is on its way for good. Once a write was held the job is dead.
   */
  private final class HotRow implements Runnable {
    private final String id;
    private volatile Duration held = Duration.ZERO;
    private volatile boolean stopping;

    private HotRow(String id) {
      this.id = id;
    }

    private void write() throws SQLException {
      shards.run(SOURCE, "UPDATE orders SET amount = amount + 1 WHERE id = " + id);
    }

    @Override
    public void run() {
      try {
        long passed = 0;
        while (!stopping && held.isZero()) {
          long beaten = Long.MAX_VALUE;
          for (String source : Shards.SOURCES) {
            beaten =
                Math.min(beaten, Long.parseLong(shards.value(source, ToyReplicator.HEARTBEAT)));
          }
          if (beaten > passed) {
            long begin = System.nanoTime();
            write();
            Duration took = Duration.ofNanos(System.nanoTime() - begin);
            if (took.compareTo(Duration.ofSeconds(1)) >= 0) {
              held = took;
            } else {
              ToyReplicator.report(shards, beaten);
              passed = beaten;
            }
          }
        }
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private String loseAnOrder() throws SQLException {
    String lost = shards.value("shard-3", "SELECT min(id) FROM orders");
    shards.run("shard-3", "DELETE FROM orders WHERE id = " + lost);
    return lost;
  }

  private void throttle(Throttle throttle) {
    new ThrottleStore(shards.control()).set(shards.plan().planId(), throttle);
  }

  /** Of the orders the aggregates have differed; of another split they have agreed. */
  private void trace() {
    Verification verification =
        new Verification(
            shards.plan(),
            shards.secrets(),
            RUN,
            VerificationMode.COUNT_AND_CHECKSUM,
            10,
            true,
            PATIENCE);
    try (MismatchResolver resolver = new MismatchResolver(verification, results::add)) {
      resolver.add(new StepAggregates(orders.json(), STEP, 1L, "1", 1L, "2"));
      resolver.finish();
      if (runs.stopRequested(RUN)) {
        Split agreed = new Split(9, 1, SOURCE, null, null, 9);
        resolver.add(
            new StepAggregates(new Stretch(List.of(agreed)).json(), STEP, 1L, "1", 1L, "1"));
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void awaitTrue(String question) {
    Awaitility.await().atMost(PATIENCE).until(() -> shards.value(SOURCE, question).equals("t"));
  }
}
