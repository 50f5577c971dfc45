package io.reshard.orchestrator.cli;

import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Phase;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reshard status}. */
@Command(name = "status", description = "Shows the progress of an operation.")
final class StatusCommand implements Callable<Integer> {
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Option(
      names = "--watch",
      description = "Follows it on standard error until it has ended or switched.")
  boolean watch;

  @Override
  public Integer call() {
    try (Session session = common.open()) {
      String operationId = session.operation(id).id();
      StatusReader statuses = session.statuses();
      Plan plan = statuses.plan(operationId);
      if (watch) {
        watch(statuses, plan);
      }
      OperationStatus status = statuses.read(operationId);
      common.print(
          status, String.join("\n", new ProgressText(plan).block(status, Optional.empty())));
    }
    return ExitCode.OK;
  }

  private void watch(StatusReader statuses, Plan plan) {
    ProgressDisplay display =
        ProgressDisplay.start(common.err(), plan, () -> statuses.read(plan.planId()));
    try {
      while (!over(statuses.read(plan.planId()).phase())
          && !Thread.currentThread().isInterrupted()) {
        LockSupport.parkNanos(POLL_NANOS);
      }
    } finally {
      display.close();
    }
  }

  private static boolean over(Phase phase) {
    return phase.terminal() || phase == Phase.CLEANING_UP;
  }
}
