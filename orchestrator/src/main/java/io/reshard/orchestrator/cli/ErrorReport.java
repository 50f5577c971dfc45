package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.io.PrintWriter;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** Says in one line on standard error what went wrong; the log file has the stack trace. */
final class ErrorReport
    implements CommandLine.IExecutionExceptionHandler, CommandLine.IParameterExceptionHandler {
  @Override
  public int handleExecutionException(
      Exception failure, CommandLine commandLine, CommandLine.ParseResult result) {
    LoggerFactory.getLogger(ErrorReport.class).info("the command failed", failure);
    ErrorCode code =
        failure instanceof ReshardingException own ? own.errorCode() : ErrorCode.INTERNAL;
    String message =
        code == ErrorCode.INTERNAL ? failure + logHint() : String.valueOf(failure.getMessage());
    print(commandLine, code, message);
    return ExitCode.of(code);
  }

  private static String logHint() {
    String log = System.getProperty(Reshard.LOG_PROPERTY);
    return log == null ? "" : "; the whole story is in " + log;
  }

  @Override
  public int handleParseException(CommandLine.ParameterException failure, String[] arguments) {
    CommandLine command = failure.getCommandLine();
    print(command, ErrorCode.INVALID_ARGUMENTS, failure.getMessage());
    command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCode.ARGUMENTS;
  }

  private static void print(CommandLine command, ErrorCode code, String message) {
    PrintWriter err = command.getErr();
    err.println("reshard: error " + code.code() + ": " + message);
    err.flush();
  }
}
