package io.reshard.orchestrator.cli;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.postgres.Secrets;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.phase.CutoverProcedure;
import io.reshard.orchestrator.phase.CutoverReport;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.phase.Switch;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code reshard cutover}. */
@Command(
    name = "cutover",
    description = {
      "Switches to the new topology: gate, fence, drain, switch, release.",
      "With --plan and --secrets it needs neither configuration nor operation."
    })
final class CutoverCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Parameters(arity = "0..1", paramLabel = "ID", description = "Default: the active operation.")
  String id;

  @Option(
      names = "--dry-run",
      description = {
        "Checks all that can be checked and says what would happen; changes nothing.",
        "Exit 1 if the gate refuses."
      })
  boolean dryRun;

  @Option(names = "--plan", paramLabel = "FILE", description = "By hand: the plan.")
  Path planFile;

  @Option(names = "--secrets", paramLabel = "FILE", description = "By hand: the logins.")
  Path secretsFile;

  @Option(
      names = "--on-switch",
      paramLabel = "EXECUTABLE",
      description = "Called at the switch, to swap the application's own topology.")
  Path onSwitch;

  @Option(
      names = "--back",
      paramLabel = "FILE",
      description = {
        "By hand: prepares the way back and writes its plan here. Submit the job with it right",
        "after the switch: until then the new shards keep their write-ahead log."
      })
  Path backFile;

  @Override
  public Integer call() {
    if (backFile != null && planFile == null) {
      throw new CommandLine.ParameterException(
          common.spec.commandLine(), "--back belongs to --plan; an operation needs no file");
    }
    if ((planFile == null) != (secretsFile == null) || (planFile != null && id != null)) {
      throw new CommandLine.ParameterException(
          common.spec.commandLine(), "give an ID, or both --plan and --secrets");
    }
    return planFile == null ? ofOperation() : byHand();
  }

  private int ofOperation() {
    try (Session session = common.open().observed()) {
      Operation operation = session.operation(id);
      Plan plan = session.operations().plan(operation.id());
      OperationContext context =
          session.context(
              plan,
              dryRun ? session.runningCluster() : Optional.of(session.cluster()),
              Optional.ofNullable(onSwitch));
      return carryOut(context, Optional.of(operation));
    }
  }

  private int byHand() {
    Plan plan = PlanFile.read(planFile);
    Secrets secrets = Secrets.read(secretsFile);
    ControlDatabase control = new ControlDatabase(secrets.control().endpoint()).migrate();
    OperationContext context =
        new OperationContext(
            plan,
            secrets,
            control,
            ReshardingOptions.builder().build(),
            Optional.empty(),
            Optional.ofNullable(onSwitch));
    Optional<Operation> operation = new PostgresOperationStore(control).find(plan.planId());
    if (backFile != null) {
      Plan reverse = reverse(plan);
      if (!dryRun) {
        PlanFile.write(reverse, backFile);
      }
    }
    return carryOut(context, operation);
  }

  private Plan reverse(Plan plan) {
    if (plan.isReverse()) {
      throw new CommandLine.ParameterException(
          common.spec.commandLine(), planFile + " is a way back already; there is none from it");
    }
    return plan.reversed();
  }

  private int carryOut(OperationContext context, Optional<Operation> operation) {
    operation.ifPresent(CutoverCommand::requireVerified);
    CutoverProcedure cutover = new FencedCutover(operation.isPresent() || backFile != null);
    if (dryRun) {
      return print(cutover.rehearse(context), "\n" + CutoverPreview.of(context));
    }
    if (operation.isEmpty()) {
      return print(new Switch(context, cutover).run(), "");
    }
    OperationDriver driver = new OperationDriver(context, cutover);
    driver.drive(Optional.empty());
    return print(driver.cutoverReport().orElseThrow(), "");
  }

  private static void requireVerified(Operation operation) {
    boolean ready =
        operation.lastCompletedPhase() == Phase.VERIFYING
            && operation.resumePhase() == Phase.CUTTING_OVER;
    if (!ready) {
      throw new ReshardingException(
          ErrorCode.INVALID_PHASE_TRANSITION,
          "operation "
              + operation.id()
              + " is "
              + operation.phase()
              + (operation.lastCompletedPhase() == null
                  ? ""
                  : " and has last completed " + operation.lastCompletedPhase())
              + "; the cutover comes after VERIFYING");
    }
  }

  private int print(CutoverReport report, String preview) {
    String wayBack =
        backFile == null || !report.switched()
            ? ""
            : "\nThe way back is open for a job with --plan "
                + backFile
                + "; submit it now, or drop its slots.";
    String text =
        report.switched()
            ? String.format(
                Locale.ROOT,
                "Switched to version %d of the topology; writes were refused for %d ms, of which"
                    + " %d ms for the drain.",
                report.topologyVersion(),
                report.readOnlyMillis(),
                report.drainMillis())
            : "Version " + report.topologyVersion() + " stays active; gate: " + report.gate();
    common.print(report, text + preview + wayBack);
    return report.passes() ? ExitCode.OK : ExitCode.FAILED;
  }
}
