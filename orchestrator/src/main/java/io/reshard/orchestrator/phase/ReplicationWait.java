package io.reshard.orchestrator.phase;

import io.reshard.core.control.JobProgress;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.config.Units;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/** Waits for what a job has to reach, and keeps an eye on the job meanwhile. */
final class ReplicationWait {
  private final OperationContext context;
  private final JobKeeper keeper;
  private final JobProgress progress;

  ReplicationWait(OperationContext context, JobKeeper keeper) {
    this.context = context;
    this.keeper = keeper;
    this.progress = new JobProgress(context.control(), context.operationId());
  }

  /** Until every table is copied and its changes flow. On the way back nothing is copied. */
  void awaitTables() {
    int tables = context.plan().tables().size();
    long start = System.nanoTime();
    while (progress.completedTables().size() < tables) {
      keeper.check(ErrorCode.COPY_FAILED);
      Waiting.sleep(Waiting.rest(start));
    }
  }

  /** Until the lag has been under the threshold for {@code calm}. */
  void awaitShortLag(Duration calm) {
    Duration threshold = context.options().cdcLagThreshold();
    long start = System.nanoTime();
    long calmSince = -1;
    Optional<Duration> lag = Optional.empty();
    while (calmSince < 0 || System.nanoTime() - calmSince < calm.toNanos()) {
      keeper.check(ErrorCode.REPLICATION_FAILED);
      lag = lag();
      if (lag.isEmpty() || lag.get().compareTo(threshold) > 0) {
        calmSince = -1;
      } else if (calmSince < 0) {
        calmSince = System.nanoTime();
      }
      if (System.nanoTime() - start > context.options().replicationTimeout().toNanos()) {
        throw late(lag);
      }
      if (calmSince < 0 || !calm.isZero()) {
        Waiting.sleep(Waiting.POLL);
      }
    }
  }

  private Optional<Duration> lag() {
    OptionalLong frontier = progress.frontier();
    return frontier.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Duration.ofMillis(Math.max(0, System.currentTimeMillis() - frontier.getAsLong())));
  }

  private ReshardingException late(Optional<Duration> lag) {
    return new ReshardingException(
        ErrorCode.REPLICATION_FAILED,
        "the lag did not stay under "
            + Units.text(context.options().cdcLagThreshold())
            + " within "
            + Units.text(context.options().replicationTimeout())
            + "; it is "
            + lag.map(Units::text).orElse("unknown, as no change has come through yet")
            + ". Give the targets more resources, or raise options.cdcLagThreshold");
  }
}
