package io.reshard.orchestrator.cli;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.Verification;
import io.reshard.orchestrator.state.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  @Override
  public Integer call() {
    if (samples < 0 || samples > Verification.ALL_KEYS) {
      throw new CommandLine.ParameterException(
          common.spec.commandLine(), "--samples must be from 0 to " + Verification.ALL_KEYS);
    }
    try (Session session = common.open()) {
      Operation operation = session.operation(id);
      Verification.requireCopied(operation);
      OperationContext context =
          session.context(
              session.operations().plan(operation.id()),
              Optional.of(session.cluster()),
              Optional.empty());
      VerificationReport report =
          new Verification(context, session.cluster())
              .run(
                  mode == null ? session.config().options().verificationMode() : mode,
                  allKeys == null ? samples : Verification.ALL_KEYS,
                  () -> {});
      writeAllKeys(report);
      common.print(VerificationText.view(report, samples), VerificationText.of(report, samples));
      return report.consistent() ? ExitCode.OK : ExitCode.DIFFERENCES;
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
}
