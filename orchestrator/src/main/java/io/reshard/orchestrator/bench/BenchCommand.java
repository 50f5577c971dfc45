package io.reshard.orchestrator.bench;

import io.reshard.core.json.Documents;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.util.FileUtils;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code reshard bench}: what scripts/bench starts. Hidden, since it is for developers. */
@Command(name = "bench", hidden = true, description = "Benchmarks; use scripts/bench/run.")
public final class BenchCommand {
  @Spec CommandSpec spec;

  /** Figures of a backlog's drain. */
  @Command(name = "apply", description = "Changes per second, against native replication.")
  int apply(
      @Option(names = "--rows", defaultValue = "400000") long rows,
      @Option(names = "--changes", defaultValue = "400000") long changes,
      @Option(names = "--indexes", defaultValue = "0") int indexes,
      @Option(names = "--rounds", defaultValue = "3") int rounds)
      throws Exception {
    Path folder = Files.createTempDirectory("reshard-bench-");
    try {
      List<ApplyBench.Round> results = new ApplyBench(rows, changes, indexes, rounds).run(folder);
      PrintWriter out = spec.commandLine().getOut();
      out.println(Documents.toJson(results));
      out.flush();
      return 0;
    } finally {
      FileUtils.deleteDirectory(folder.toFile());
    }
  }
}
