package io.reshard.orchestrator.cli;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code reshard start}. */
@Command(
    name = "start",
    description = "Executes a plan through the switch; prints the operation's id first.")
final class StartCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Option(
      names = "--plan",
      required = true,
      paramLabel = "FILE",
      description = "A plan that 'reshard plan' wrote.")
  Path planFile;

  @Option(
      names = "--until",
      paramLabel = "PHASE",
      description = "Stops after COPYING, REPLICATING or VERIFYING; replication goes on.")
  Phase untilPhase;

  @Option(
      names = "--detach",
      description = "Leaves a background process; prints its pid and log file after the id.")
  boolean detach;

  /** The document of {@code start --detach --json}. */
  record Started(String id, long pid, String log) {}

  @Override
  public Integer call() {
    Optional<Phase> until = Driving.until(common, untilPhase);
    Plan plan = PlanFile.read(planFile);
    try (Session session = common.open()) {
      if (detach) {
        Driving.requireCluster(session, "--detach");
      }
      if (until.isPresent()) {
        Driving.requireCluster(session, "--until");
      }
      // Logins and jars are asked for first: without them nothing should be stored.
      session.secrets(plan.source(), plan.target());
      Operation operation =
          NewOperation.create(session.control(), plan, session.config().options());
      if (detach) {
        detach(operation.id(), until);
      } else {
        sayId(operation.id());
        new Driving(common, session).drive(operation.id(), until);
      }
    }
    return ExitCode.OK;
  }

  private void detach(String id, Optional<Phase> until) {
    Detached process = Detached.spawn(id, common.config, until);
    common.print(
        new Started(id, process.pid(), process.log().toString()),
        id + "\npid " + process.pid() + "\nlog " + process.log());
  }

  private void sayId(String id) {
    if (common.json) {
      common.say(id);
    } else {
      common.out().println(id);
      common.out().flush();
    }
  }
}
