package io.reshard.orchestrator.cli;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.Mismatch;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.Verification;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reshard verify}. */
@Command(
    name = "verify",
    description = "Compares sources and targets now; changes neither them nor the operation.")
final class VerifyCommand implements Callable<Integer> {
  private static final int ALL_KEYS = 1_000_000;

  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Option(
      names = "--mode",
      paramLabel = "M",
      description = "One of ${COMPLETION-CANDIDATES}; default: options.verificationMode.")
  VerificationMode mode;

  @Option(
      names = "--samples",
      paramLabel = "N",
      defaultValue = "10",
      description = "How many differing keys are shown; default: ${DEFAULT-VALUE}.")
  int samples;

  @Option(
      names = "--all-keys",
      paramLabel = "FILE",
      description = "Writes every differing key there, one JSON document a line.")
  Path allKeys;

  /** The document of {@code verify --json}. */
  record VerificationView(
      boolean consistent, List<StepView> steps, List<Mismatch> mismatchSamples) {}

  /** A migration step of it. */
  record StepView(String step, long sourceRows, long targetRows, long mismatches) {}

  @Override
  public Integer call() {
    if (samples < 0 || samples > ALL_KEYS) {
      throw new CommandLine.ParameterException(
          common.spec.commandLine(), "--samples must be from 0 to " + ALL_KEYS);
    }
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
                  allKeys == null ? samples : ALL_KEYS,
                  () -> {});
      writeAllKeys(report);
      common.print(view(report), text(report));
      return report.consistent() ? ExitCode.OK : ExitCode.DIFFERENCES;
    }
  }

  private static void requireCopied(Operation operation) {
    Phase reached = operation.phase();
    boolean copied =
        operation.lastCompletedPhase() != null
            && operation.lastCompletedPhase().compareTo(Phase.COPYING) >= 0;
    boolean over =
        operation.lastCompletedPhase() != null
            && operation.lastCompletedPhase().compareTo(Phase.CUTTING_OVER) >= 0;
    if (!copied || over || reached == Phase.ROLLED_BACK) {
      throw new ReshardingException(
          ErrorCode.INVALID_PHASE_TRANSITION,
          "operation "
              + operation.id()
              + " is "
              + reached
              + "; both sides are equal from the end of COPYING until the switch");
    }
  }

  private void writeAllKeys(VerificationReport report) {
    if (allKeys == null) {
      return;
    }
    try {
      Files.write(allKeys, report.mismatchSamples().stream().map(Documents::toJson).toList());
    } catch (IOException e) {
      throw new ReshardingException(
          ErrorCode.INVALID_ARGUMENTS, "cannot write " + allKeys + ": " + e.getMessage(), e);
    }
  }

  private VerificationView view(VerificationReport report) {
    return new VerificationView(
        report.consistent(),
        report.steps().stream()
            .map(
                step ->
                    new StepView(
                        step.step(), step.sourceRows(), step.targetRows(), step.mismatches()))
            .toList(),
        report.mismatchSamples().stream().limit(samples).toList());
  }

  private String text(VerificationReport report) {
    StringBuilder text = new StringBuilder(report.consistent() ? "consistent\n" : "DIFFERENT\n");
    for (VerificationReport.StepTotal step : report.steps()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %-24s %s rows at the source, %s at the target, %s differ%s%s%n",
              step.step(),
              Numbers.count(step.sourceRows()),
              Numbers.count(step.targetRows()),
              Numbers.count(step.mismatches()),
              step.undecided() == 0 ? "" : ", " + step.undecided() + " undecided",
              step.unverified() == 0 ? "" : ", " + step.unverified() + " splits not compared"));
    }
    report.mismatchSamples().stream().limit(samples).forEach(one -> text.append(line(one)));
    report.undecidedSamples().stream().limit(samples).forEach(one -> text.append(line(one)));
    return text.toString();
  }

  private static String line(Mismatch sample) {
    return String.format(
        Locale.ROOT, "  %-9s %s %s%n", sample.kind(), sample.table(), sample.key());
  }
}
