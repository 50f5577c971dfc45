package io.reshard.orchestrator.cli;

import io.reshard.core.control.VerificationReport;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.Repair;
import io.reshard.orchestrator.phase.Verification;
import io.reshard.orchestrator.state.Operation;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code reshard repair}. */
@Command(
    name = "repair",
    description = {
      "Verifies, has the job fetch the keys that differ again, and verifies again.",
      "Rows that a target owned before are not touched. 'resume' goes on with the operation."
    })
final class RepairCommand implements Callable<Integer> {
  private static final int SAMPLES = 10;

  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Override
  public Integer call() {
    try (Session session = common.open()) {
      Operation operation = session.operation(id);
      Verification.requireCopied(operation);
      OperationContext context =
          session.context(
              session.operations().plan(operation.id()),
              Optional.of(session.cluster()),
              Optional.empty());
      VerificationReport report = new Repair(context, session.cluster()).run();
      common.print(VerificationText.view(report, SAMPLES), VerificationText.of(report, SAMPLES));
      return report.consistent() ? ExitCode.OK : ExitCode.DIFFERENCES;
    }
  }
}
