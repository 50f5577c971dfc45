package io.reshard.orchestrator;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A command on an operation in a process of its own, which can be killed. */
final class CommandProcess {
  private CommandProcess() {}

  /**
   * Starts one.
   *
   * @param folder where it leaves its state, and what it says in {@code COMMAND.log}
   */
  static Process start(
      EmbeddedMigration migration, Path folder, String command, List<String> arguments)
      throws IOException {
    Path config = folder.resolve("reshard.yaml");
    Files.writeString(
        config,
        """
        control: { url: '%s', user: postgres }
        flink: { address: '%s' }
        options: { cutoverTimeout: 3m, cdcLagThreshold: 3m }
        """
            .formatted(
                migration.system().control().endpoint().url(),
                migration.context().cluster().orElseThrow().address()));
    List<String> all = new ArrayList<>(List.of(migration.plan().planId()));
    all.addAll(arguments);
    return start(config, folder, List.of(), command, all);
  }

  /**
   * Starts one.
   *
   * @param settings of its JVM, such as {@code -Dname=value}
   */
  static Process start(
      Path config, Path folder, List<String> settings, String command, List<String> arguments)
      throws IOException {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    words.addAll(settings);
    words.addAll(
        List.of("-Dreshard.state=" + folder, "-cp", System.getProperty("java.class.path")));
    words.addAll(List.of("io.reshard.orchestrator.cli.Reshard", command));
    words.addAll(arguments);
    words.addAll(List.of("-c", config.toString()));
    return new ProcessBuilder(words)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log(folder, command).toFile()))
        .start();
  }

  /** What {@code command} has said so far. */
  static String said(Path folder, String command) {
    try {
      return Files.readString(log(folder, command));
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  private static Path log(Path folder, String command) {
    return folder.resolve(command + ".log");
  }
}
