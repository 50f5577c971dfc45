package io.reshard.orchestrator.cli;

import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.phase.Hindrance;
import io.reshard.orchestrator.phase.Hindrances;
import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Phase;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
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
      Hindrances hindrances = new Hindrances(session.control(), session.config().options());
      Function<OperationStatus, List<String>> notes =
          status -> notes(hindrances.find(session.operations().get(operationId), status), status);
      if (watch) {
        watch(statuses, plan, notes);
      }
      OperationStatus status = statuses.read(operationId);
      List<String> lines = new ArrayList<>(new ProgressText(plan).block(status, Optional.empty()));
      notes.apply(status).forEach(note -> lines.add("  " + note));
      common.print(status, String.join("\n", lines));
    }
    return ExitCode.OK;
  }

  /** An error is shown as it is, and needs nothing but its remedy. */
  private static List<String> notes(Optional<Hindrance> hindrance, OperationStatus status) {
    return hindrance
        .map(
            one ->
                status.error() == null
                    ? List.of(one.reason(), one.remedy())
                    : List.of(one.remedy()))
        .orElse(List.of());
  }

  private void watch(
      StatusReader statuses, Plan plan, Function<OperationStatus, List<String>> notes) {
    ProgressDisplay display =
        ProgressDisplay.start(common.err(), plan, () -> statuses.read(plan.planId()), notes);
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
