package io.reshard.orchestrator.cli;

import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.Rollback;
import io.reshard.orchestrator.phase.RollbackReport;
import io.reshard.orchestrator.state.Operation;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reshard rollback}. */
@Command(
    name = "rollback",
    description = {
      "Goes back to the old topology, and removes what was copied.",
      "Stops whatever drives the operation. After the switch it fences the new shards, waits until",
      "the old ones have every write, and switches back; not available once the clean-up deletes."
    })
final class RollbackCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Option(
      names = "--on-switch",
      paramLabel = "EXECUTABLE",
      description = "Called when it switches back, to swap the application's own topology.")
  Path onSwitch;

  @Override
  public Integer call() {
    try (Session session = common.open().observed()) {
      Operation operation = session.operation(id);
      RollbackReport report = rollback(session, session.operations().plan(operation.id())).run();
      StringBuilder text = new StringBuilder("rolled back " + operation.id() + "\n");
      report.removed().forEach(one -> text.append("  removed ").append(one).append('\n'));
      common.print(report, text.toString());
    }
    return ExitCode.OK;
  }

  private Rollback rollback(Session session, Plan plan) {
    Optional<Path> swap = Optional.ofNullable(onSwitch);
    FencedCutover cutover = new FencedCutover();
    Rollback rollback =
        new Rollback(session.context(plan, session.runningCluster(), swap), cutover);
    return rollback.afterSwitch()
        ? new Rollback(session.context(plan, Optional.of(session.cluster()), swap), cutover)
        : rollback;
  }
}
