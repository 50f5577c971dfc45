package io.reshard.orchestrator.cli;

import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.CleanUp;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reshard complete}. */
@Command(
    name = "complete",
    description = {
      "Ends the retention now: removes the moved rows from their sources. No way back after it.",
      "It first waits until the old shards have all that the new ones have, as long as they come"
          + " closer to it, and refuses if they do not: so far they are what one can fall back on.",
      "Of an operation that was completed with an error, it tries the clean-up again."
    })
final class CompleteCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Option(
      names = "--force",
      description = {
        "Cleans up also if the reverse job has failed or is behind.",
        "What it has not carried back is on the new shards alone, as all is after the clean-up."
      })
  boolean force;

  @Override
  public Integer call() {
    try (Session session = common.open().observed()) {
      Operation operation = session.operation(id);
      boolean jobNeeded = !force && operation.phase() == Phase.CLEANING_UP;
      if (jobNeeded) {
        common.say("Waiting until the old shards have all that the new ones have …");
      }
      CleanUp cleanUp =
          new CleanUp(
              session.context(
                  session.operations().plan(operation.id()),
                  jobNeeded ? Optional.of(session.cluster()) : session.runningCluster(),
                  Optional.empty()),
              new FencedCutover());
      Operation completed = force ? cleanUp.force() : cleanUp.run();
      common.print(
          session.statuses().read(completed.id()), completed.id() + " " + completed.phase());
    }
    return ExitCode.OK;
  }
}
