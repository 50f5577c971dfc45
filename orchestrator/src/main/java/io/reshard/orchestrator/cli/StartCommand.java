package io.reshard.orchestrator.cli;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code reshard start}. */
@Command(
    name = "start",
    description = {
      "Executes a plan through the switch; prints the operation's id first.",
      "With --table and --shards it makes the plan itself, and leaves a background process."
    })
final class StartCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @ArgGroup(multiplicity = "1")
  Work work;

  /** What is to be done: a plan, or a table. */
  static final class Work {
    @Option(
        names = "--plan",
        required = true,
        paramLabel = "FILE",
        description = "A plan that 'reshard plan' wrote.")
    Path planFile;

    @ArgGroup(exclusive = false)
    Table table;
  }

  /** A table that shall have another number of shards. */
  static final class Table {
    @Option(
        names = "--table",
        required = true,
        paramLabel = "T",
        description = "A sharded table; the others stay as they are.")
    String name;

    @Option(
        names = "--shards",
        required = true,
        paramLabel = "N",
        description = "How many shards it shall have, 1 to 256.")
    int shards;
  }

  @Option(
      names = "--until",
      paramLabel = "PHASE",
      description = "Stops after COPYING, REPLICATING or VERIFYING; replication goes on.")
  Phase untilPhase;

  @Option(
      names = "--detach",
      description = "Leaves a background process; prints its pid and log file after the id.")
  boolean detach;

  @Override
  public Integer call() {
    Optional<Phase> until = Driving.until(common, untilPhase);
    if (work.table != null) {
      if (until.isPresent()) {
        throw new CommandLine.ParameterException(
            common.spec.commandLine(), "--until goes with --plan");
      }
      new TableResharding(common).start(work.table.name, work.table.shards);
      return ExitCode.OK;
    }
    Plan plan = PlanFile.read(work.planFile);
    try (Session session = common.open().observed()) {
      if (detach) {
        Driving.requireCluster(session, "--detach");
      }
      if (until.isPresent()) {
        Driving.requireCluster(session, "--until");
      }
      // Logins and jars are asked for first: without them nothing should be stored.
      session.secrets(plan.source(), plan.target());
      Operation operation =
          NewOperation.create(
              session.control(),
              plan,
              session.config().options(),
              session.config().throttle(),
              until);
      if (detach) {
        Detached.start(common, session, operation.id(), until);
      } else {
        sayId(operation.id());
        new Driving(common, session).drive(operation.id(), until);
      }
    }
    return ExitCode.OK;
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
