package io.reshard.orchestrator;

import static io.reshard.core.control.Mismatch.Kind.DIFFERENT;
import static io.reshard.core.control.Mismatch.Kind.EXTRA;
import static io.reshard.core.control.Mismatch.Kind.MISSING;
import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.JobProgress;
import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.orchestrator.phase.Verification;
import io.reshard.orchestrator.state.Phase;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The verification runs again and again while the real job applies what two writers change, for
 * {@code -Dreshard.load.minutes}, up to {@code -Dreshard.load.changes} a second: as many as the job
 * keeps up with.
 */
@Tag("long")
@Tag("cluster")
class VerificationUnderLoadITCase {
  private static final Duration LASTING =
      Duration.ofMinutes(Long.getLong("reshard.load.minutes", 2));
  private static final int CHANGES_PER_SECOND = Integer.getInteger("reshard.load.changes", 10_000);
  private static final long ORDERS = 60_000;

  @TempDir private Path folder;

  @Test
  void raisesNoFalseAlarmAndMissesNothing() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, ORDERS).to(3)) {
      migration.drive(Phase.REPLICATING);
      JobProgress progress =
          new JobProgress(migration.system().control(), migration.plan().planId());
      List<BatchWriter> writers =
          migration.plan().sources().stream()
              .map(
                  shard ->
                      new BatchWriter(
                          migration.endpoint(shard),
                          owned(migration.plan(), shard),
                          progress,
                          CHANGES_PER_SECOND / 2))
              .toList();
      List<Thread> threads = writers.stream().map(writer -> new Thread(writer, "writer")).toList();
      threads.forEach(Thread::start);
      long start = System.nanoTime();
      try {
        lookAgainAndAgain(migration, writers, start);
        findWhatIsWrong(migration);
      } finally {
        writers.forEach(BatchWriter::stop);
        for (Thread thread : threads) {
          thread.join();
        }
      }
    }
  }

  private static String owned(Plan plan, String shard) {
    PlannedTable orders =
        plan.tables().stream().filter(one -> one.name().equals("orders")).findFirst().orElseThrow();
    return plan.oldRouting(orders, "t").ownedBy(shard);
  }

  private static void lookAgainAndAgain(
      EmbeddedMigration migration, List<BatchWriter> writers, long start) throws SQLException {
    int passes = 0;
    long undecided = 0;
    while (System.nanoTime() - start < LASTING.toNanos()) {
      VerificationReport report = verify(migration);
      assertThat(report.mismatchSamples()).isEmpty();
      assertThat(report.mismatches()).isZero();
      assertThat(report.unverified()).isZero();
      undecided += report.steps().stream().mapToLong(VerificationReport.StepTotal::undecided).sum();
      passes++;
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    long changes = 0;
    for (BatchWriter writer : writers) {
      changes += writer.changes();
    }
    System.out.printf(
        "%d passes in %d s, %d changes per second, 0 false alarms, %d keys undecided;"
            + " writers held back for %d s%n",
        passes,
        seconds,
        changes / seconds,
        undecided,
        writers.stream().mapToLong(BatchWriter::secondsHeldBack).sum() / writers.size());
  }

  /** Rows that the writers leave alone are spoiled while they go on with the others. */
  private static void findWhatIsWrong(EmbeddedMigration migration) throws SQLException {
    String target = "shard-2";
    String spared = "SELECT id::text FROM orders WHERE id % " + BatchWriter.SPARED + " = 0";
    List<String> ids = migration.query(target, spared + " ORDER BY id LIMIT 2");
    migration.run(
        target,
        "SET session_replication_role = replica",
        "DELETE FROM orders WHERE id = " + ids.get(0),
        "UPDATE orders SET status = status || ' ' WHERE id = " + ids.get(1),
        "INSERT INTO orders (id, customer_id, status, amount, created_at, version)"
            + " SELECT 4000000000, customer_id, status, amount, created_at, version FROM orders"
            + " WHERE id = "
            + ids.get(1));

    assertThat(verify(migration).mismatchSamples())
        .containsExactlyInAnyOrder(
            new Mismatch("public.orders", ids.get(0), MISSING),
            new Mismatch("public.orders", ids.get(1), DIFFERENT),
            new Mismatch("public.orders", "4000000000", EXTRA));
  }

  private static VerificationReport verify(EmbeddedMigration migration) {
    return new Verification(migration.context(), migration.context().cluster().orElseThrow())
        .run(VerificationMode.COUNT_AND_CHECKSUM, 10, () -> {});
  }
}
