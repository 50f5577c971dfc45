package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Plan;
import io.reshard.orchestrator.demo.Demo;
import io.reshard.orchestrator.demo.DemoOptions;
import io.reshard.orchestrator.demo.DemoResult;
import io.reshard.orchestrator.demo.DemoView;
import io.reshard.orchestrator.demo.Playground;
import io.reshard.orchestrator.phase.OperationStatus;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code reshard demo}. */
@Command(
    name = "demo",
    description = {
      "Shows the whole workflow on this machine: embedded PostgreSQL shards and Flink, live"
          + " writers, migration and switch, then an independent comparison in plain SQL.",
      "Needs no configuration, and leaves nothing behind."
    })
final class DemoCommand implements Callable<Integer>, DemoView {
  @Spec CommandSpec spec;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "200000",
      description = "About so many rows over all tables; default: ${DEFAULT-VALUE}.")
  long rows;

  @Option(
      names = "--from",
      paramLabel = "N",
      defaultValue = "2",
      description = "Shards before, 1 to 64; default: ${DEFAULT-VALUE}.")
  int from;

  @Option(
      names = "--to",
      paramLabel = "N",
      defaultValue = "3",
      description = "Shards after, 1 to 64; default: ${DEFAULT-VALUE}.")
  int to;

  @Option(
      names = "--writers",
      paramLabel = "N",
      defaultValue = "4",
      description =
          "Threads of the application, 1 to 64, which write "
              + DemoOptions.WRITES_PER_SECOND
              + " times per second in all; default: ${DEFAULT-VALUE}.")
  int writers;

  @Option(names = "--json", description = "One JSON document on standard output, nothing else.")
  boolean json;

  @Option(
      names = "--keep",
      description = "Leaves all running until Ctrl-C, and prints the addresses.")
  boolean keep;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this help.")
  boolean help;

  @Override
  public Integer call() {
    DemoOptions options = new DemoOptions(rows, from, to, writers);
    say("Log: " + logFile());
    try (Playground playground = Playground.create()) {
      Demo demo = new Demo(options, playground, this);
      int exitCode = run(demo, playground);
      if (keep && !playground.isEnding()) {
        demo.topology().ifPresent(topology -> leaveRunning(playground.addresses(topology)));
        playground.awaitEnd();
      }
      return exitCode;
    }
  }

  private int run(Demo demo, Playground playground) {
    try {
      DemoResult result = demo.run();
      PrintWriter out = spec.commandLine().getOut();
      out.println(json ? Documents.toJson(result.report()) : DemoText.summary(result));
      out.flush();
      result.verdict().findings().forEach(finding -> fail(ErrorCode.VERIFICATION_FAILED, finding));
      return result.report().equal() ? ExitCode.OK : ExitCode.FAILED;
    } catch (Exception e) {
      LoggerFactory.getLogger(DemoCommand.class).info("the demo failed", e);
      if (!playground.isEnding()) {
        ErrorCode code =
            e instanceof ReshardingException own ? own.errorCode() : ErrorCode.INTERNAL;
        fail(
            code,
            code == ErrorCode.INTERNAL ? e + "; the whole story is in the log" : e.getMessage());
      }
      return ExitCode.FAILED;
    }
  }

  private void leaveRunning(String addresses) {
    if (json) {
      say(addresses);
    } else {
      spec.commandLine().getOut().println("\n" + addresses);
      spec.commandLine().getOut().flush();
    }
    say("All of it runs until Ctrl-C.");
  }

  private void fail(ErrorCode code, String message) {
    say("reshard: error " + code.code() + ": " + message);
  }

  private static Path logFile() {
    String log = System.getProperty(Reshard.LOG_PROPERTY);
    return log == null
        ? Path.of(System.getProperty("java.io.tmpdir"), "reshard.log")
        : Path.of(log);
  }

  @Override
  public void say(String line) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(line);
    err.flush();
  }

  @Override
  public Progress showProgress(Plan plan, Supplier<OperationStatus> source) {
    return ProgressDisplay.start(spec.commandLine().getErr(), plan, source)::close;
  }
}
