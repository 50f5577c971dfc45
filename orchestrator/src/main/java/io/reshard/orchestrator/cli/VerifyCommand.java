package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.config.VerificationMode;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.Verification;
import io.reshard.orchestrator.phase.VerificationReport;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reshard verify}. */
@Command(
    name = "verify",
    description = "Compares sources and targets now; changes neither them nor the operation.")
final class VerifyCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Option(
      names = "--mode",
      paramLabel = "M",
      description = "One of ${COMPLETION-CANDIDATES}; default: options.verificationMode.")
  VerificationMode mode;

  @Override
  public Integer call() {
    try (Session session = common.open()) {
      Operation operation = session.operation(id);
      requireCopied(operation);
      OperationContext context =
          session.context(
              session.operations().plan(operation.id()),
              Optional.of(session.cluster()),
              Optional.empty());
      VerificationReport report =
          new Verification(context, session.cluster())
              .run(
                  mode == null ? session.config().options().verificationMode() : mode,
                  List.of(),
                  () -> {});
      common.print(report, text(report));
      return report.consistent() ? ExitCode.OK : ExitCode.DIFFERENCES;
    }
  }

  private static void requireCopied(Operation operation) {
    Phase reached = operation.phase();
    boolean copied =
        operation.lastCompletedPhase() != null
            && operation.lastCompletedPhase().compareTo(Phase.COPYING) >= 0;
    if (!copied || reached == Phase.COMPLETED || reached == Phase.ROLLED_BACK) {
      throw new ReshardingException(
          ErrorCode.INVALID_PHASE_TRANSITION,
          "operation "
              + operation.id()
              + " is "
              + reached
              + "; there is something to compare from the end of COPYING until the clean-up");
    }
  }

  private static String text(VerificationReport report) {
    StringBuilder text = new StringBuilder(report.consistent() ? "consistent\n" : "DIFFERENT\n");
    for (VerificationReport.StepResult step : report.steps()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %-24s %s rows at the source, %s at the target, %s differ%n",
              step.step(),
              Numbers.count(step.sourceRows()),
              Numbers.count(step.targetRows()),
              Numbers.count(step.mismatches())));
    }
    for (VerificationReport.Mismatch sample : report.mismatchSamples()) {
      text.append(
          String.format(
              Locale.ROOT, "  %-9s %s %s%n", sample.kind(), sample.table(), sample.key()));
    }
    return text.toString();
  }
}
