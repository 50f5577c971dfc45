package io.reshard.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.VerificationReport;
import io.reshard.core.control.VerificationRun;
import io.reshard.core.control.VerificationRuns;
import io.reshard.core.control.VerificationStore;
import io.reshard.core.plan.PlanFile;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar as an operator gets it, with Flink's own jars beside it, in a process of its own. */
final class ShadedJarITCase {
  private static final Path JAR = Path.of("target", "reshard-verifier.jar");

  @TempDir private Path directory;

  private record Outcome(int exitCode, String output) {}

  @Test
  void verifiesAndShowsNoPassword() throws Exception {
    Shards shards = Shards.start(600);
    Path plan = directory.resolve("plan.json");
    PlanFile.write(shards.plan(), plan);
    Path secrets = directory.resolve("secrets.yaml");
    Files.writeString(
        secrets,
        "nodes: { node-1: { user: postgres, password: \"${NODE_PASSWORD}\" } }\n"
            + "control: { url: \""
            + shards.secrets().control().url()
            + "\", user: postgres, password: very-secret }\n");

    Outcome outcome =
        run("--plan", plan.toString(), "--secrets", secrets.toString(), "--run", "by-hand");

    assertThat(outcome.exitCode()).as(outcome.output()).isZero();
    assertThat(outcome.output()).doesNotContain("very-secret").doesNotContain("node-secret");
    VerificationReport report =
        new VerificationStore(shards.control()).report(shards.plan(), "by-hand", 10);
    assertThat(report.consistent()).isTrue();
    assertThat(new VerificationRuns(shards.control(), shards.plan()).newest())
        .extracting(VerificationRun::run)
        .containsExactly("by-hand");
    assertThat(new VerificationStore(shards.control()).report(shards.plan(), "no-such-run", 10))
        .satisfies(
            unknown -> {
              assertThat(unknown.consistent()).isFalse();
              assertThat(unknown.unverified()).isEqualTo(27);
            });
  }

  @Test
  void badArgumentsAreExitCodeTwo() throws Exception {
    Outcome outcome = run("--plan", "plan.json");

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.output())
        .contains("reshard: error resharding.invalid_arguments: --secrets is missing");
  }

  private Outcome run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        Stream.of("java.lang", "java.util", "java.time", "java.net", "java.nio")
            .map(name -> "--add-opens=java.base/" + name + "=ALL-UNNAMED")
            .toList());
    command.addAll(List.of("-Xmx1g", "-cp", classPath(), VerificationJob.class.getName()));
    command.addAll(List.of(arguments));
    Path log = directory.resolve("output.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("NODE_PASSWORD", "node-secret");
    Process process = builder.start();
    try {
      assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
      return new Outcome(process.exitValue(), Files.readString(log));
    } finally {
      process.destroyForcibly();
    }
  }

  /** The jar, and what a Flink distribution brings: neither our modules nor what the jar holds. */
  private static String classPath() {
    String distribution =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(path -> path.endsWith(".jar"))
            .filter(path -> !path.matches(".*(reshard-|flink-connector-jdbc|/postgresql/).*"))
            .collect(Collectors.joining(File.pathSeparator));
    return JAR + File.pathSeparator + distribution;
  }
}
