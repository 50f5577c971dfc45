package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.CleanUp;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.Retention;
import io.reshard.orchestrator.phase.StartingPoint;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reshard resume}. */
@Command(
    name = "resume",
    description = {
      "Goes on with what was interrupted or has failed, from the phase after the last completed one.",
      "After the switch: keeps the way back until the end of the retention, then cleans up."
    })
final class ResumeCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Option(
      names = "--until",
      paramLabel = "PHASE",
      description = "Stops after COPYING, REPLICATING or VERIFYING; replication goes on.")
  Phase untilPhase;

  @Option(
      names = "--from",
      paramLabel = "PATH",
      description = {
        "Starts the job from this savepoint or checkpoint (its folder, or the folder's URI) instead of the"
            + " last checkpoint that can be found, as after 'flink stop'. It must be one of this operation,"
            + " and the job must have ended. The new job owns it, and removes it once it needs it no more."
      })
  String from;

  @Override
  public Integer call() {
    Optional<Phase> until = Driving.until(common, untilPhase);
    try (Session session = common.open().observed()) {
      if (until.isPresent()) {
        Driving.requireCluster(session, "--until");
      }
      Operation operation = session.operation(id);
      switch (operation.phase()) {
        case COMPLETED, ROLLED_BACK ->
            throw new ReshardingException(
                ErrorCode.INVALID_PHASE_TRANSITION,
                "operation " + operation.id() + " is " + operation.phase());
        case CLEANING_UP -> cleanUp(session, operation);
        default -> {
          startFrom(context(session, operation));
          new Driving(common, session).drive(operation.id(), until);
        }
      }
    }
    return ExitCode.OK;
  }

  private static OperationContext context(Session session, Operation operation) {
    return session.context(
        session.operations().plan(operation.id()),
        Optional.of(session.cluster()),
        Optional.empty());
  }

  private void startFrom(OperationContext context) {
    if (from != null) {
      new StartingPoint(context).choose(SavepointCommand.uri(from));
    }
  }

  private void cleanUp(Session session, Operation operation) {
    FencedCutover cutover = new FencedCutover();
    OperationContext context = context(session, operation);
    startFrom(context.reversed());
    Retention retention = new Retention(context, cutover);
    common.say("The way back is kept; the retention ends at " + retention.end() + ".");
    Operation kept = retention.keep();
    Operation ended =
        kept.phase() == Phase.CLEANING_UP ? new CleanUp(context, cutover).run() : kept;
    common.print(session.statuses().read(ended.id()), ended.id() + " " + ended.phase());
  }
}
