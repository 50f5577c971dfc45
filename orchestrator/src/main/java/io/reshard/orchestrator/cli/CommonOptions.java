package io.reshard.orchestrator.cli;

import io.reshard.core.json.Documents;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that every command has, and where it writes. */
final class CommonOptions {
  @Spec(Spec.Target.MIXEE)
  CommandSpec spec;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      defaultValue = "reshard.yaml",
      description = "The configuration; default: ${DEFAULT-VALUE}.")
  Path config;

  @Option(names = "--json", description = "One JSON document on standard output, nothing else.")
  boolean json;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this help.")
  boolean help;

  Session open() {
    return Session.open(config);
  }

  /** Standard output: results only. */
  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  /** Standard error: progress, and what a person should know. */
  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Writes {@code value} as JSON if that was asked for, else {@code text}. */
  void print(Object value, String text) {
    out().println(json ? Documents.toJson(value) : text.stripTrailing());
    out().flush();
  }

  /** A line for people, on standard error. */
  void say(String line) {
    err().println(line);
    err().flush();
  }
}
