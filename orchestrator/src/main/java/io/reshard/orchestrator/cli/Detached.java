package io.reshard.orchestrator.cli;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.orchestrator.serve.Caretaker;
import io.reshard.orchestrator.state.Phase;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A process of its own that drives an operation with {@code reshard resume}: the same Java, class
 * path and environment, in a session of its own, so that it survives the terminal.
 */
record Detached(long pid, Path log) {
  private static final File NOTHING = new File("/dev/null");
  private static final List<Path> SETSID =
      List.of(Path.of("/usr/bin/setsid"), Path.of("/bin/setsid"));

  /** The document of {@code start --detach --json}; no pid and no log where another drives it. */
  record Started(String id, Long pid, String log) {}

  /**
   * Leaves an operation to a running {@code reshard serve}, else to a process of its own, and
   * prints the id, the pid and the log file.
   */
  static void start(
      CommonOptions common, Session session, String operationId, Optional<Phase> until) {
    Optional<String> caretaker = Caretaker.present(session.control());
    if (caretaker.isPresent()) {
      common.print(
          new Started(operationId, null, null),
          operationId + "\n'reshard serve' takes it: " + caretaker.get());
      return;
    }
    Detached process = spawn(operationId, common.config, until);
    common.print(
        new Started(operationId, process.pid(), process.log().toString()),
        operationId + "\npid " + process.pid() + "\nlog " + process.log());
  }

  static Detached spawn(String operationId, Path config, Optional<Phase> until) {
    Path log = StateFolder.create().resolve(operationId + ".log");
    ProcessBuilder builder = new ProcessBuilder(command(operationId, config, until, log));
    builder.redirectInput(NOTHING);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    try {
      // setsid becomes the command itself, so the process keeps its id.
      return new Detached(builder.start().pid(), log);
    } catch (IOException e) {
      throw new ReshardingException(
          ErrorCode.INTERNAL, "cannot start a process in the background: " + e.getMessage(), e);
    }
  }

  private static List<String> command(
      String operationId, Path config, Optional<Phase> until, Path log) {
    List<String> command = new ArrayList<>();
    SETSID.stream()
        .filter(Files::isExecutable)
        .findFirst()
        .map(Path::toString)
        .ifPresent(command::add);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> !argument.startsWith("-D" + Reshard.LOG_PROPERTY))
        .filter(argument -> !argument.startsWith("-Dreshard.terminal"))
        .filter(argument -> !argument.startsWith("-agentlib"))
        .forEach(command::add);
    command.add("-D" + Reshard.LOG_PROPERTY + "=" + log);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Reshard.class.getName()));
    command.addAll(
        List.of("resume", operationId, "--config", config.toAbsolutePath().toString(), "--json"));
    until.ifPresent(phase -> command.addAll(List.of("--until", phase.name())));
    return command;
  }
}
