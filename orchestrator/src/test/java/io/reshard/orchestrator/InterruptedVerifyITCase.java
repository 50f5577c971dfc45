package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.control.VerificationRun;
import io.reshard.core.control.VerificationRuns;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.state.Phase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The process of {@code reshard verify} ends before the job that it has submitted. */
@Tag("long")
@Tag("cluster")
class InterruptedVerifyITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir private Path folder;

  @Test
  void theNextOneWaitsForTheJobOfTheOneThatWasKilled() throws Exception {
    try (EmbeddedMigration migration = EmbeddedMigration.start(folder, 1, 600).to(2)) {
      migration.drive(Phase.REPLICATING);
      ThrottleStore throttle = new ThrottleStore(migration.system().control());
      String id = migration.plan().planId();
      throttle.set(id, new Throttle(null, null, "SELECT 1", 0.0));
      VerificationRuns runs = new VerificationRuns(migration.system().control(), migration.plan());

      Process interrupted = verify(migration);
      await(interrupted, () -> !throttle.pauses(id).isEmpty());
      interrupted.destroy();
      assertThat(interrupted.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(CommandProcess.said(folder, "verify"))
          .contains("Flink goes on with it", "verify " + id + " --resume", "--stop");
      VerificationRun run = runs.newest().get(0);
      assertThat(status(migration, run)).isEqualTo(JobStatus.RUNNING);

      int said = CommandProcess.said(folder, "verify").length();
      Process killed = verify(migration, "--resume");
      await(killed, () -> CommandProcess.said(folder, "verify").indexOf(" % compared", said) > 0);
      killed.destroyForcibly().waitFor();
      assertThat(status(migration, run)).isEqualTo(JobStatus.RUNNING);

      Process last = verify(migration, "--resume");
      throttle.set(id, Throttle.NONE);
      assertThat(last.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(last.exitValue()).as(CommandProcess.said(folder, "verify")).isZero();
      assertThat(runs.newest()).containsExactly(run);
      assertThat(status(migration, run)).isEqualTo(JobStatus.FINISHED);
    }
  }

  private Process verify(EmbeddedMigration migration, String... arguments) throws Exception {
    return CommandProcess.start(migration, folder, "verify", List.of(arguments));
  }

  private void await(Process process, Callable<Boolean> point) {
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              assertThat(process.isAlive()).as(CommandProcess.said(folder, "verify")).isTrue();
              return point.call();
            });
  }

  private static JobStatus status(EmbeddedMigration migration, VerificationRun run) {
    FlinkCluster cluster = migration.context().cluster().orElseThrow();
    return cluster.status(JobID.fromHexString(run.job().orElseThrow())).orElseThrow();
  }
}
