package io.reshard.orchestrator.cli;

import io.reshard.core.checksum.VerificationMode;
import io.reshard.core.control.VerificationProgress;
import io.reshard.core.control.VerificationReport;
import io.reshard.core.control.VerificationRun;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.phase.Verification;
import io.reshard.orchestrator.state.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
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
  private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(5);

  @Mixin CommonOptions common;

  private long saidAt = System.nanoTime();

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

  @Option(
      names = "--resume",
      description = {
        "Goes on with the last verification if it was interrupted: what it has compared is kept,",
        "as long as the migration job has not started again."
      })
  boolean resume;

  @Option(
      names = "--stop",
      description = {
        "Ends the verification that is under way, whoever waits for it; what it has compared is",
        "kept."
      })
  boolean stop;

  @Override
  public Integer call() {
    if (samples < 0 || samples > Verification.ALL_KEYS) {
      throw new CommandLine.ParameterException(
          common.spec.commandLine(), "--samples must be from 0 to " + Verification.ALL_KEYS);
    }
    try (Session session = common.open()) {
      Operation operation = session.operation(id);
      Verification.requireCopied(operation);
      Plan plan = session.operations().plan(operation.id());
      return stop ? stop(session, plan) : compare(session, plan);
    }
  }

  private int stop(Session session, Plan plan) {
    VerificationRuns runs = new VerificationRuns(session.control(), plan);
    VerificationRun run =
        runs.newest().stream()
            .findFirst()
            .filter(one -> progress(session, plan, one.run()).report().unverified() > 0)
            .orElseThrow(
                () ->
                    new ReshardingException(
                        ErrorCode.INVALID_PHASE_TRANSITION,
                        "no verification of " + plan.planId() + " is under way"));
    runs.requestStop(run.run());
    common.say("The verification ends with the splits that it is reading.");
    return ExitCode.OK;
  }

  private int compare(Session session, Plan plan) {
    Verification verification =
        new Verification(
            session.context(plan, Optional.of(session.cluster()), Optional.empty()),
            session.cluster());
    VerificationMode wanted = mode == null ? session.config().options().verificationMode() : mode;
    int keys = allKeys == null ? samples : Verification.ALL_KEYS;
    if (!resume) {
      verification.requireNoneAtWork();
    }
    VerificationReport report;
    Farewell farewell = Farewell.prepare(common, interrupted(session, plan.planId()));
    try {
      report =
          resume
              ? verification.resume(wanted, keys, () -> sayProgress(session, plan))
              : verification.run(wanted, keys, () -> sayProgress(session, plan));
    } finally {
      farewell.omit();
    }
    writeAllKeys(report);
    common.print(VerificationText.view(report, samples), VerificationText.of(report, samples));
    if (report.mismatches() == 0 && verification.wasStopped(report)) {
      throw new ReshardingException(
          ErrorCode.VERIFICATION_STOPPED,
          "the verification was asked to stop; 'reshard verify --resume' goes on with it");
    }
    return report.consistent() ? ExitCode.OK : ExitCode.DIFFERENCES;
  }

  /** An embedded cluster ends with this process, another one does not, and neither do its jobs. */
  private static String interrupted(Session session, String id) {
    String again = "'reshard verify " + id + " --resume'";
    return session.embedded()
        ? "Interrupted; " + again + " goes on."
        : "Interrupted, but Flink goes on with it: "
            + again
            + " waits for the result, 'reshard verify "
            + id
            + " --stop' ends it.";
  }

  private void sayProgress(Session session, Plan plan) {
    if (System.nanoTime() - saidAt < PROGRESS_NANOS) {
      return;
    }
    saidAt = System.nanoTime();
    new VerificationRuns(session.control(), plan)
        .newest().stream()
            .findFirst()
            .map(run -> VerificationText.of(progress(session, plan, run.run())))
            .ifPresent(common::say);
  }

  private static VerificationProgress progress(Session session, Plan plan, String run) {
    return VerificationProgress.read(session.control(), plan, run);
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
