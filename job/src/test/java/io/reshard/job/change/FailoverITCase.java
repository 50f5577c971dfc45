package io.reshard.job.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.connector.source.Source;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

/**
 * Failures of the job in the middle of what it reads. Each one happens right after a checkpoint has
 * completed, so that the job resumes from an offset between the rows of one transaction.
 */
class FailoverITCase {

  private static final String WALSENDER_WAIT =
      "SELECT wait_event FROM pg_stat_activity WHERE backend_type = 'walsender'";

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final int STOCK_RUNS = 6;
  private static final int COPIED_ROWS = 100_000;

  private static final CapturedTable TABLE = TestShard.table(0, "public", "t", "id", "bigint");

  /**
   * Why the position is the end of a commit. If this fails, the connector has been mended. Rows are
   * lost where a checkpoint falls between two rows of one page, which not every run meets.
   */
  @Tag("long")
  @Test
  void stockConnectorLosesRowsOfACopy() {
    boolean lost =
        IntStream.range(0, STOCK_RUNS)
            .anyMatch(run -> lost(StockSource::of, FailoverITCase::copy, List.of(0, 0, 0, 0)) > 0);
    assertThat(lost).isTrue();
  }

  @Test
  void changeSourceLosesNoRowOfACopy() {
    assertThat(lost(ChangeSource::of, FailoverITCase::copy, List.of(0, 5_000, 20_000, 40_000)))
        .isZero();
  }

  @Test
  void changeSourceLosesNoRowOfInterleavedTransactions() {
    assertThat(lost(ChangeSource::of, FailoverITCase::interleave, List.of(0, 30_000, 101_000, 0)))
        .isZero();
  }

  /** The connector's own reading leaves a thread that waits for room in its queue for ever. */
  @Test
  void changeSourceLetsGoOfEverythingWhenItFailsUnderBackpressure() {
    CountDownLatch release = new CountDownLatch(1);
    AtomicBoolean failed = new AtomicBoolean();
    try (TestShard shard = TestShard.create()) {
      shard.sql("CREATE TABLE t (id bigint PRIMARY KEY, filler text)");
      shard.publish("t");
      shard.sql("INSERT INTO t SELECT i, repeat('x', 400) FROM generate_series(1, 60000) i");
      TestJob job =
          TestJob.of(ChangeSource.of(shard.settings(TABLE)))
              .with(
                  event -> {
                    release.await();
                    if (failed.compareAndSet(false, true)) {
                      throw new IllegalStateException("Failure on demand");
                    }
                  });
      try (job) {
        job.start();
        // Every queue and buffer is full once the server has long been waiting for room.
        await()
            .atMost(PATIENCE)
            .during(Duration.ofSeconds(2))
            .until(() -> shard.query(WALSENDER_WAIT).equals(List.of("WalSenderWriteData")));
        release.countDown();
        await().atMost(Duration.ofSeconds(20)).until(() -> !job.events.isEmpty());
        assertThat(job.attempts).hasValue(2);
      }
      await().atMost(PATIENCE).until(() -> readerThreads().isEmpty());
    }
  }

  private static List<String> readerThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("debezium-reader"))
        .toList();
  }

  private interface Workload {
    void run(TestShard shard) throws SQLException, IOException;
  }

  /**
   * Runs the workload, reads it with failures, and counts the rows that were never seen.
   *
   * @param coverages one failure for each: once a checkpoint of an attempt covers more events
   */
  private static int lost(
      Function<ChangeSourceSettings, Source<ChangeEvent, ?, ?>> sources,
      Workload workload,
      List<Integer> coverages) {
    try (TestShard shard = TestShard.create()) {
      shard.sql("CREATE TABLE t (id bigint PRIMARY KEY)");
      shard.publish("t (id)");
      AtomicInteger failures = new AtomicInteger();
      AtomicBoolean failNow = new AtomicBoolean();
      TestJob job =
          TestJob.of(sources.apply(shard.settings(TABLE)))
              .checkpointEvery(Duration.ofMillis(100))
              .with(
                  event -> {
                    if (failNow.compareAndSet(true, false)) {
                      failures.incrementAndGet();
                      throw new IllegalStateException("Failure on demand");
                    }
                    if (failures.get() < coverages.size()) {
                      // A slow consumer, so that checkpoints fall between the events.
                      LockSupport.parkNanos(10_000);
                    }
                  })
              .onCheckpoints(
                  covered -> {
                    int failure = failures.get();
                    if (failure < coverages.size() && covered > coverages.get(failure)) {
                      failNow.set(true);
                    }
                  });
      try (job) {
        job.start();
        workload.run(shard);
        await()
            .atMost(PATIENCE)
            .until(
                () -> {
                  shard.beat();
                  return failures.get() == coverages.size()
                      && job.events.stream().anyMatch(ChangeEvent::isHeartbeat);
                });
      } catch (SQLException | IOException e) {
        throw new IllegalStateException(e);
      }
      Set<String> missing = new HashSet<>(shard.query("SELECT id FROM t"));
      job.keys().forEach(missing::remove);
      return missing.size();
    }
  }

  /** One COPY: PostgreSQL logs its rows page by page, and all rows of a page have one number. */
  private static void copy(TestShard shard) throws SQLException, IOException {
    String rows =
        IntStream.range(0, COPIED_ROWS)
            .mapToObj(Integer::toString)
            .collect(Collectors.joining("\n"));
    try (Connection connection = shard.connect()) {
      connection
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn("COPY t FROM STDIN", new StringReader(rows));
    }
  }

  /** Transactions that begin, write and commit in different orders, around a COPY. */
  private static void interleave(TestShard shard) throws SQLException, IOException {
    try (Connection first = shard.connect();
        Connection second = shard.connect();
        Connection third = shard.connect()) {
      List<Connection> connections = List.of(first, second, third);
      int id = 1_000_000;
      for (Connection connection : connections) {
        connection.setAutoCommit(false);
        id = insert(connection, id, 3_000);
      }
      copy(shard);
      for (int round = 0; round < 3; round++) {
        for (Connection connection : connections) {
          id = insert(connection, id, 3_000);
        }
        third.commit();
        id = insert(third, id, 3_000);
      }
      second.commit();
      first.commit();
      third.commit();
    }
  }

  private static int insert(Connection connection, int firstId, int count) throws SQLException {
    connection
        .createStatement()
        .execute(
            "INSERT INTO t SELECT generate_series(%d, %d)".formatted(firstId, firstId + count - 1));
    return firstId + count;
  }
}
