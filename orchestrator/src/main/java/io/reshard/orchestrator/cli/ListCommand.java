package io.reshard.orchestrator.cli;

import io.reshard.orchestrator.phase.OperationStatus;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Operation;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code reshard list}. */
@Command(name = "list", description = "Lists all operations, the newest first.")
final class ListCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Override
  public Integer call() {
    try (Session session = common.open()) {
      StatusReader statuses = session.statuses();
      List<OperationStatus> all =
          session.operations().list().stream().map(Operation::id).map(statuses::read).toList();
      common.print(all, all.stream().map(ListCommand::line).collect(Collectors.joining("\n")));
    }
    return ExitCode.OK;
  }

  private static String line(OperationStatus status) {
    return String.format(
        Locale.ROOT,
        "%-20s %-13s %5.1f %%  started %s%s",
        status.id(),
        status.phase(),
        status.overallPercentComplete(),
        status.startedAt(),
        status.error() == null ? "" : "  " + status.error().code());
  }
}
