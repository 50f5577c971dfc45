package io.reshard.orchestrator.cli;

import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.Rollback;
import io.reshard.orchestrator.phase.RollbackReport;
import io.reshard.orchestrator.state.Operation;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code reshard rollback}. */
@Command(
    name = "rollback",
    description = {
      "Goes back to the old topology, and removes what was copied.",
      "Stops whatever drives the operation. After the switch: not available in this version."
    })
final class RollbackCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Override
  public Integer call() {
    try (Session session = common.open()) {
      Operation operation = session.operation(id);
      OperationContext context =
          session.context(
              session.operations().plan(operation.id()),
              session.runningCluster(),
              Optional.empty());
      RollbackReport report = new Rollback(context, new FencedCutover()).run();
      StringBuilder text = new StringBuilder("rolled back " + operation.id() + "\n");
      report.removed().forEach(one -> text.append("  removed ").append(one).append('\n'));
      common.print(report, text.toString());
    }
    return ExitCode.OK;
  }
}
