package io.reshard.orchestrator.cli;

import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.CleanUp;
import io.reshard.orchestrator.state.Operation;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code reshard complete}. */
@Command(
    name = "complete",
    description = {
      "Ends the retention now: removes the moved rows from their sources. No way back after it.",
      "Of an operation that was completed with an error, it tries the clean-up again."
    })
final class CompleteCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Override
  public Integer call() {
    try (Session session = common.open().observed()) {
      Operation operation = session.operation(id);
      Operation completed =
          new CleanUp(
                  session.context(
                      session.operations().plan(operation.id()),
                      session.runningCluster(),
                      Optional.empty()),
                  new FencedCutover())
              .run();
      common.print(
          session.statuses().read(completed.id()), completed.id() + " " + completed.phase());
    }
    return ExitCode.OK;
  }
}
