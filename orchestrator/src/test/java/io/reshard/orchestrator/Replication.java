package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.JobProgress;
import io.reshard.orchestrator.phase.OperationContext;
import java.time.Duration;

/** How far the job of an operation has come. */
final class Replication {
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private Replication() {}

  /** Returns when everything that is committed by now is on its target. */
  static void awaitCurrent(OperationContext context) throws InterruptedException {
    JobProgress progress = new JobProgress(context.control(), context.operationId());
    assertThat(progress.awaitFrontier(System.currentTimeMillis(), PATIENCE)).isTrue();
  }
}
