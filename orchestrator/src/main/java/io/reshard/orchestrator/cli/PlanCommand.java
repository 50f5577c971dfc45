package io.reshard.orchestrator.cli;

import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.plan.PreflightFinding;
import io.reshard.core.topology.Topology;
import io.reshard.core.topology.TopologyFile;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.planner.DurationEstimate;
import io.reshard.planner.Planner;
import io.reshard.planner.PlannerOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code reshard plan}. */
@Command(
    name = "plan",
    description = "Writes the plan that leads to a new topology, and checks it; changes nothing.")
final class PlanCommand implements Callable<Integer> {
  @Mixin CommonOptions common;

  @Option(
      names = "--target",
      required = true,
      paramLabel = "FILE",
      description = "The new topology, YAML or JSON.")
  Path target;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "Where the plan goes, such as plan.json.")
  Path out;

  /** The document of {@code plan --json}. */
  record PlanView(
      String planId,
      List<StepView> steps,
      int splits,
      long totalRows,
      long totalBytes,
      double estimatedSeconds,
      String estimatedFrom,
      List<PreflightFinding> preflight) {}

  /** A migration step of it. */
  record StepView(String source, String target, String keyRange, long estimatedRows) {
    static StepView of(MigrationStep step) {
      return new StepView(step.source(), step.target(), step.keyRange(), step.estimatedRows());
    }
  }

  @Override
  public Integer call() {
    Topology wanted = TopologyFile.read(target);
    try (Session session = common.open()) {
      Topology active = session.topologies().active();
      ReshardingOptions options = session.config().options();
      Planner planner =
          new Planner(
              session.secrets(active, wanted),
              PlannerOptions.defaults()
                  .withTables(options.tables())
                  .withCopyBatchSize(options.copyBatchSize()));
      Plan plan = planner.plan(active, wanted, session.operations().ids());
      PlanFile.write(plan, out);
      DurationEstimate duration = planner.estimate(plan);
      common.print(view(plan, duration), text(plan, duration));
      common.say("The plan is in " + out + "; 'reshard start --plan " + out + "' executes it.");
    }
    return ExitCode.OK;
  }

  private static PlanView view(Plan plan, DurationEstimate duration) {
    return new PlanView(
        plan.planId(),
        plan.steps().stream().map(StepView::of).toList(),
        plan.splits().size(),
        plan.totalRows(),
        plan.totalBytes(),
        duration.seconds(),
        duration.basis(),
        plan.preflight());
  }

  private static String text(Plan plan, DurationEstimate duration) {
    StringBuilder text = new StringBuilder("plan " + plan.planId() + "\n");
    for (MigrationStep step : plan.steps()) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %-24s %-20s about %s rows%n",
              step.name(),
              step.keyRange(),
              Numbers.count(step.estimatedRows())));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "%d tables, %d splits, about %s rows, %s, %s%n",
            plan.tables().size(),
            plan.splits().size(),
            Numbers.count(plan.totalRows()),
            Numbers.bytes(plan.totalBytes()),
            Numbers.duration(Duration.ofMillis(Math.round(duration.seconds() * 1000)))));
    text.append("duration: ").append(duration.basis()).append('\n');
    List<PreflightFinding> failed =
        plan.preflight().stream().filter(finding -> !finding.ok()).toList();
    text.append(
        String.format(
            Locale.ROOT,
            "preflight: %d checks, %s%n",
            plan.preflight().size(),
            failed.isEmpty() ? "all ok" : failed.size() + " in the way of a start:"));
    for (PreflightFinding finding : failed) {
      text.append(
          String.format(
              Locale.ROOT,
              "  %s%s: %s → %s%n",
              finding.check(),
              finding.shard() == null ? "" : " on " + finding.shard(),
              finding.detail(),
              finding.remedy()));
    }
    return text.toString();
  }
}
