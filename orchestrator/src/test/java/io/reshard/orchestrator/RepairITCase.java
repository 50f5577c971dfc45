package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.JobProgress;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.Repair;
import io.reshard.orchestrator.state.Phase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of a kept target are spoiled, repaired, and verified once more after a restart. */
@Tag("cluster")
class RepairITCase {
  @TempDir private Path folder;

  @Test
  void healsWhatWasSpoiledAndVerifiesAgainAfterARestart() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 2, 600).to(1)) {
      String customer =
          migration.query("shard-1", "SELECT min(customer_id)::text FROM customer").get(0);
      migration.drive(Phase.REPLICATING);
      migration.run(
          "shard-0",
          "UPDATE customer SET email = '' WHERE customer_id = " + customer,
          "DELETE FROM audit WHERE customer_id = " + customer,
          "INSERT INTO audit VALUES (4000000000, " + customer + ", 'made up')");

      assertThatThrownBy(() -> migration.drive(null))
          .isInstanceOfSatisfying(
              ReshardingException.class,
              e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.VERIFICATION_FAILED))
          .hasMessageContaining("key=4000000000, kind=EXTRA")
          .hasMessageContaining("key=" + customer + ", kind=DIFFERENT");
      OperationContext counting = counting(migration.context());
      // To count rows would not find the one that differs: what has found it is made again.
      VerificationReport report = new Repair(counting, counting.cluster().orElseThrow()).run();
      assertThat(report.consistent()).as("%s", report).isTrue();

      migration.drive(Phase.VERIFYING);
      long runs = runs(migration);
      restart(migration);
      assertThat(migration.drive(null).phase()).isEqualTo(Phase.CLEANING_UP);
      assertThat(runs(migration)).isEqualTo(runs + 1);
      assertThat(
              migration
                  .system()
                  .compare(migration.plan().source(), migration.plan().target())
                  .equal())
          .isTrue();
    }
  }

  private static OperationContext counting(OperationContext context) {
    return new OperationContext(
        context.plan(),
        context.secrets(),
        context.control(),
        ReshardingOptions.builder().verificationMode(VerificationMode.COUNT).build(),
        context.cluster(),
        Optional.empty());
  }

  private static long runs(EmbeddedMigration migration) {
    return migration
        .system()
        .control()
        .call(
            "count runs",
            jdbi ->
                jdbi.withHandle(
                    handle ->
                        handle
                            .createQuery("SELECT count(*) FROM verification_run")
                            .mapTo(Long.class)
                            .one()));
  }

  /** The job loses its sessions on the target, and starts again by itself. */
  private static void restart(EmbeddedMigration migration) throws Exception {
    JobProgress progress = new JobProgress(migration.system().control(), migration.plan().planId());
    int attempt = progress.position().epoch().attempt();
    migration.query(
        "shard-0",
        "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity"
            + " WHERE datname = current_database() AND application_name LIKE 'reshard % writer %'");
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> progress.position().epoch().attempt() > attempt);
  }
}
