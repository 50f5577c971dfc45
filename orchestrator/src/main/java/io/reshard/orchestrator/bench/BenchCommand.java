package io.reshard.orchestrator.bench;

import io.reshard.core.json.Documents;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

  /** Work whose figures are printed. */
  @FunctionalInterface
  private interface Bench {
    List<?> run(Path folder) throws Exception;
  }

  @Command(name = "copy", description = "Rows per second, against native logical replication.")
  int copy(
      @Option(names = "--rows", defaultValue = "1000000") long rows,
      @Option(names = "--key", defaultValue = "bigint") BenchTable.Key key,
      @Option(names = "--width", defaultValue = "narrow") BenchTable.Width width,
      @Option(names = "--indexes", defaultValue = "0") int indexes,
      @Option(names = "--rounds", defaultValue = "3") int rounds)
      throws Exception {
    BenchTable table = new BenchTable(key, width, indexes);
    return print(folder -> new CopyBench(rows, table, rounds).run(folder));
  }

  @Command(name = "scaling", description = "Rows per second, by splits that are copied at a time.")
  int scaling(
      @Option(names = "--rows", defaultValue = "1000000") long rows,
      @Option(names = "--rounds", defaultValue = "1") int rounds)
      throws Exception {
    return print(folder -> new ScalingBench(rows, rounds).run(folder));
  }

  @Command(name = "apply", description = "Changes per second, against native replication.")
  int apply(
      @Option(names = "--rows", defaultValue = "400000") long rows,
      @Option(names = "--changes", defaultValue = "400000") long changes,
      @Option(names = "--indexes", defaultValue = "0") int indexes,
      @Option(names = "--rounds", defaultValue = "3") int rounds)
      throws Exception {
    return print(folder -> new ApplyBench(rows, changes, indexes, rounds).run(folder));
  }

  @Command(name = "verify", description = "Rows per second, against the bare SQL aggregate.")
  int verify(
      @Option(names = "--rows", defaultValue = "1000000") long rows,
      @Option(names = "--rounds", defaultValue = "3") int rounds)
      throws Exception {
    return print(folder -> new VerifyBench(rows, rounds).run(folder));
  }

  @Command(name = "window", description = "How long writers wait at the switch.")
  int window(
      @Option(names = "--rounds", defaultValue = "5") int rounds,
      @Option(names = "--writers", defaultValue = "16") int writers,
      @Option(names = "--writes-per-second", defaultValue = "2000") double writesPerSecond)
      throws Exception {
    return print(folder -> new WindowBench(rounds, writers, writesPerSecond).run(folder));
  }

  @Command(name = "growth", description = "How the time of a copy grows with the rows.")
  int growth(
      @Option(names = "--rows", split = ",", defaultValue = "100000,300000,1000000,3000000")
          List<Long> rows)
      throws Exception {
    return print(folder -> new GrowthBench(rows).run(folder));
  }

  @Command(name = "lag", description = "From a commit to its target, at half of the best rate.")
  int lag(
      @Option(names = "--rows", defaultValue = "400000") long rows,
      @Option(names = "--seconds", defaultValue = "20") long seconds,
      @Option(names = "--rounds", defaultValue = "1") int rounds)
      throws Exception {
    return print(folder -> new LagBench(rows, rounds, Duration.ofSeconds(seconds)).run(folder));
  }

  @Command(name = "source-load", description = "What the sources and their application bear.")
  int sourceLoad(
      @Option(names = "--rows", defaultValue = "1000000") long rows,
      @Option(names = "--changes-per-second", defaultValue = "1000") double changesPerSecond,
      @Option(names = "--seconds", defaultValue = "20") long seconds,
      @Option(names = "--rounds", defaultValue = "1") int rounds)
      throws Exception {
    Duration span = Duration.ofSeconds(seconds);
    return print(folder -> new SourceLoadBench(rows, rounds, changesPerSecond, span).run(folder));
  }

  @Command(name = "parked", description = "How fast parked keys are released after the copy.")
  int parked(
      @Option(names = "--rows", defaultValue = "500000") long rows,
      @Option(names = "--rounds", defaultValue = "1") int rounds)
      throws Exception {
    return print(folder -> new ParkedBench(rows, rounds).run(folder));
  }

  @Command(name = "recovery", description = "How long a killed TaskManager stops the writing.")
  int recovery(
      @Option(names = "--rows", defaultValue = "100000") long rows,
      @Option(names = "--changes-per-second", defaultValue = "1000") double changesPerSecond,
      @Option(names = "--rounds", defaultValue = "3") int rounds)
      throws Exception {
    return print(folder -> new RecoveryBench(rows, rounds, changesPerSecond).run(folder));
  }

  private int print(Bench bench) throws Exception {
    Path folder = Files.createTempDirectory("reshard-bench-");
    try {
      PrintWriter out = spec.commandLine().getOut();
      out.println(Documents.toJson(bench.run(folder)));
      out.flush();
      return 0;
    } finally {
      FileUtils.deleteDirectory(folder.toFile());
    }
  }
}
