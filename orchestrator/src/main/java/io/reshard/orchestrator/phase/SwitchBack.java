package io.reshard.orchestrator.phase;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.SqlStates;
import io.reshard.orchestrator.state.Phase;
import java.time.Duration;

/**
 * The way back after the switch: the cutover of the reverse plan, once its job has brought the old
 * shards up to date. What fails before the topology is switched back leaves the new one in force.
 */
final class SwitchBack {
  private final OperationContext context;
  private final OperationContext back;
  private final CutoverProcedure cutover;

  SwitchBack(OperationContext context, CutoverProcedure cutover) {
    this.context = context;
    this.back = context.reversed();
    this.cutover = cutover;
  }

  /** Switches back, or goes forward if that has happened. */
  void run(OperationHandle handle) {
    finishSwitch(handle);
    if (!cutover.switched(back)) {
      // An interrupted attempt may have taken the job's right to write.
      cutover.undo(back);
      bringUpToDate(handle);
    }
    switchBack();
  }

  /**
   * (1) A rollback switches back, releases the old shards and drops the databases of the new ones;
   * (2) it dies; (3) the next one finds that the topology has switched, and would release once
   * more, on every shard. A new database that is gone tells that the old shards are released.
   */
  private void switchBack() {
    boolean before = cutover.switched(back);
    try {
      cutover.run(back);
    } catch (ReshardingException e) {
      if (!before || !Failures.hasState(e, SqlStates.INVALID_CATALOG_NAME)) {
        throw e;
      }
    }
  }

  /** A crash may have come between the switch and what follows it. */
  private void finishSwitch(OperationHandle handle) {
    if (handle.current().phase() == Phase.CLEANING_UP) {
      return;
    }
    if (handle.current().phase() == Phase.FAILED) {
      handle.enter(Phase.CUTTING_OVER);
    }
    new Switch(context, cutover).run(handle);
    handle.completePhase();
    handle.enter(Phase.CLEANING_UP);
  }

  private void bringUpToDate(OperationHandle handle) {
    JobKeeper keeper =
        new JobKeeper(
            back,
            context
                .cluster()
                .orElseThrow(
                    () ->
                        new ReshardingException(
                            ErrorCode.INVALID_CONFIGURATION,
                            "the way back after the switch needs a Flink cluster")),
            handle);
    keeper.ensureRunning();
    ReplicationWait wait = new ReplicationWait(back, keeper);
    wait.awaitTables();
    wait.awaitShortLag(Duration.ZERO);
  }
}
