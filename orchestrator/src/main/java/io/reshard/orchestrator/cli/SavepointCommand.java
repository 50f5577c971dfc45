package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.savepoint.SavepointContent.TableContent;
import io.reshard.orchestrator.savepoint.SavepointReport;
import io.reshard.orchestrator.savepoint.SavepointReport.SourceReport;
import io.reshard.orchestrator.savepoint.Savepoints;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code reshard savepoint inspect}. */
@Command(name = "savepoint", description = "Says what a savepoint of the migration job holds.")
final class SavepointCommand implements Runnable {
  private static final String SOURCE_LINE = "%-16s %-14s %-14s %10s  %s%n";

  @Spec CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this help.")
  boolean help;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "say 'inspect'");
  }

  @Command(
      name = "inspect",
      description = "Shows what a savepoint or checkpoint holds, and whether it can be resumed.")
  int inspect(
      @Mixin CommonOptions common,
      @Parameters(paramLabel = "PATH", description = "Its folder, or the folder's URI.")
          String path,
      @Option(
              names = "--plan",
              paramLabel = "FILE",
              description = "The plan, if the job was submitted by hand.")
          Path planFile) {
    try (Session session = common.open()) {
      Savepoints savepoints =
          new Savepoints(session.control(), plan -> session.secrets(plan.source(), plan.target()));
      SavepointReport report =
          savepoints.inspect(
              uri(path), id -> planFile == null ? stored(session, id) : own(planFile, id));
      common.print(report, text(report));
    }
    return ExitCode.OK;
  }

  /** Flink wants a URI. */
  static String uri(String path) {
    return Files.exists(Path.of(path)) ? Path.of(path).toAbsolutePath().toUri().toString() : path;
  }

  private static Plan stored(Session session, String id) {
    String forwardId = Plan.forwardId(id);
    Plan plan = session.operations().plan(session.operations().get(forwardId).id());
    return forwardId.equals(id) ? plan : plan.reversed();
  }

  private static Plan own(Path file, String id) {
    Plan plan = PlanFile.read(file);
    if (!plan.planId().equals(id)) {
      throw new ReshardingException(
          ErrorCode.INVALID_ARGUMENTS,
          "%s is the plan of operation %s, and the savepoint is one of %s"
              .formatted(file, plan.planId(), id));
    }
    return plan;
  }

  private static String text(SavepointReport report) {
    StringBuilder text = new StringBuilder();
    text.append("operation ").append(report.operationId()).append('\n');
    text.append("%-32s %15s %12s%n".formatted("table", "splits finished", "parked keys"));
    for (TableContent table : report.tables()) {
      String splits = table.finishedSplits() + " of " + table.splits();
      text.append(
          "%-32s %15s %12s%n".formatted(table.table(), splits, Numbers.count(table.parkedKeys())));
    }
    text.append(SOURCE_LINE.formatted("source", "position", "slot at", "heartbeat", "resumable"));
    for (SourceReport source : report.sources()) {
      text.append(
          SOURCE_LINE.formatted(
              source.source(),
              Objects.requireNonNullElse(source.position(), "-"),
              Objects.requireNonNullElse(source.slotPosition(), "-"),
              source.heartbeatNumber(),
              source.slotServes().text()));
    }
    return text.toString();
  }
}
