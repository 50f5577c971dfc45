package io.reshard.orchestrator.cli;

import io.reshard.orchestrator.bench.BenchCommand;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The program. */
@Command(
    name = "reshard",
    mixinStandardHelpOptions = true,
    versionProvider = Reshard.Version.class,
    description =
        "Changes the topology of a sharded PostgreSQL while the application keeps writing.",
    subcommands = {
      DemoCommand.class,
      TopologyCommand.class,
      RouteCommand.class,
      PlanCommand.class,
      StartCommand.class,
      SqlCommand.class,
      StatusCommand.class,
      ListCommand.class,
      ResumeCommand.class,
      VerifyCommand.class,
      RepairCommand.class,
      CutoverCommand.class,
      RollbackCommand.class,
      CompleteCommand.class,
      HealthCommand.class,
      SavepointCommand.class,
      ThrottleCommand.class,
      DiagnoseCommand.class,
      ServeCommand.class,
      BenchCommand.class,
      HelpCommand.class
    },
    footer = {
      "",
      "Exit codes: 0 done, 1 the operation failed, 2 bad arguments or files, 3 wrong state,",
      "4 a source, 5 a target, 6 control database or Flink, 7 differences found, 70 our own fault."
    })
public final class Reshard implements Runnable {
  /** The system property that names the log file. */
  static final String LOG_PROPERTY = "reshard.log";

  @Spec CommandSpec spec;

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    // Before any logger exists: the logging configuration reads it.
    if (System.getProperty(LOG_PROPERTY) == null) {
      Path log = StateFolder.path().resolve("reshard.log");
      System.setProperty(LOG_PROPERTY, log.toString());
    }
    System.exit(commandLine().execute(arguments));
  }

  /** The whole command line, ready to execute; also for tests and for the reference in the docs. */
  public static CommandLine commandLine() {
    ErrorReport errors = new ErrorReport();
    return new CommandLine(new Reshard())
        .setExecutionExceptionHandler(errors)
        .setParameterExceptionHandler(errors)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true);
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
  }

  /** The version that the jar's manifest names. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Reshard.class.getPackage().getImplementationVersion();
      return new String[] {"reshard " + (version == null ? "(development)" : version)};
    }
  }
}
