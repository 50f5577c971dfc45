package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.ComparisonReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Secondary unique indexes: values that move between rows, and values that two sources have. */
@Tag("long")
@Tag("cluster")
class UniqueValuesITCase {
  private static final String[] INDEXES = {
    "CREATE UNIQUE INDEX customer_email ON customer (email)",
    "CREATE UNIQUE INDEX customer_lower ON customer (lower(email), (1)) WHERE email <> ''"
  };
  private static final UniqueValueSwaps.Rows ADDRESSES =
      new UniqueValueSwaps.Rows("customer", "customer_id", "email", 16);
  private static final long SEED = Long.getLong("reshard.swap.seed", System.nanoTime());

  @TempDir private Path folder;

  /** Targets are a new shard with one source, one with two, and a kept shard. */
  @Test
  void valuesThatMoveBetweenRowsArriveUnderLoad() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, 2_000, INDEXES).to(5)) {
      AtomicBoolean stopped = new AtomicBoolean();
      ExecutorService threads = Executors.newFixedThreadPool(2);
      List<Future<Integer>> running = new ArrayList<>();
      for (int thread = 0; thread < 2; thread++) {
        running.add(
            threads.submit(
                new UniqueValueSwaps(
                    migration.endpoint("shard-" + thread), ADDRESSES, SEED + thread, stopped)));
      }
      assertThat(migration.drive(null).phase()).as("seed %s", SEED).isEqualTo(Phase.CLEANING_UP);
      stopped.set(true);
      for (Future<Integer> thread : running) {
        assertThat(thread.get()).isPositive();
      }
      threads.shutdown();
      ComparisonReport report =
          migration.system().compare(migration.plan().source(), migration.plan().target());
      // Kept sources still hold what has moved away, as strays: the retention is not over.
      assertThat(report.missing() + report.extra() + report.different() + report.duplicates())
          .as("%s, seed %s", report, SEED)
          .isZero();
    }
  }

  @Test
  void twoSourcesWithOneValueCollideUntilOneIsMended() throws Exception {
    collides("shard-1", "shard-2");
  }

  @Test
  void aRowOfTheTargetItselfIsNotTouched() throws Exception {
    collides("shard-0", "shard-1");
  }

  /** Two rows on two shards get one address; both belong on shard-0 afterwards. */
  private void collides(String first, String second) throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 3, 1_000, INDEXES).to(1)) {
      String any = "SELECT min(customer_id) FROM customer";
      String one = migration.query(first, any).get(0);
      String other = migration.query(second, any).get(0);
      migration.drive(Phase.REPLICATING);
      String update = "UPDATE customer SET email = 'same' WHERE customer_id = ";
      migration.run(first, update + one);
      migration.run(second, update + other);

      assertThatThrownBy(() -> migration.drive(null))
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.KEY_COLLISION))
          .hasMessageContaining("public.customer")
          .hasMessageContaining("customer_")
          .hasMessageContaining("(customer_id) = (" + one + ") on " + first)
          .hasMessageContaining("(customer_id) = (" + other + ") on " + second);
      migration.run(second, "UPDATE customer SET email = 'other' WHERE customer_id = " + other);
      assertThat(migration.drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
      assertThat(
              migration
                  .system()
                  .compare(migration.plan().source(), migration.plan().target())
                  .equal())
          .isTrue();
    }
  }
}
