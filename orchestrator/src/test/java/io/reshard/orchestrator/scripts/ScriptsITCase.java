package io.reshard.orchestrator.scripts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.reshard.orchestrator.flink.JobJars;
import io.reshard.orchestrator.flink.RestFlinkCluster;
import io.reshard.testkit.FreePort;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scripts as an operator runs them. They need what {@code package} makes. */
@Tag("cluster")
class ScriptsITCase {
  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void prepare() throws IOException {
    Path target = JobJars.home().resolve("orchestrator/target");
    assumeThat(target.resolve("flink-lib")).isDirectory();
    assumeThat(target.resolve("reshard-orchestrator.jar")).isRegularFile();
    folder = Files.createDirectory(temporary.resolve("a folder"));
  }

  private ScriptRun run(String script, String... arguments) throws Exception {
    return ScriptRun.of(ScriptRun.script(script), folder, Map.of(), arguments);
  }

  private List<Long> pids(String kind) throws Exception {
    return run("flink-cluster.sh", "pids", "--dir", folder + "/cluster")
        .out()
        .lines()
        .filter(line -> line.startsWith(kind + " "))
        .map(line -> Long.valueOf(line.substring(kind.length() + 1)))
        .toList();
  }

  @Test
  void launchesFromAnywhereThroughLinks() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("my reshard"), ScriptRun.script("reshard"));
    Map<String, String> state = Map.of("RESHARD_STATE_DIR", folder + "/state");
    ScriptRun help = ScriptRun.of(link, folder, state, "--help");
    assertThat(help.exit()).as("%s", help).isZero();
    assertThat(help.out()).contains("topology").contains("rollback").contains("Exit codes");

    ScriptRun missing = ScriptRun.of(link, folder, state, "list", "-c", "none.yaml");
    assertThat(missing.exit()).isEqualTo(2);
    assertThat(missing.out()).isEmpty();
    assertThat(missing.err()).startsWith("reshard: error resharding.invalid_configuration: ");
    assertThat(folder.resolve("state/reshard.log")).isRegularFile();
  }

  @Test
  void passesArgumentsOfTheCutoverOn() throws Exception {
    Map<String, String> environment =
        Map.of("RESHARD_STATE_DIR", folder + "/state", "RESHARD_ON_SWITCH", "./swap it");
    ScriptRun cutover =
        ScriptRun.of(
            ScriptRun.script("cutover.sh"),
            folder,
            environment,
            "--plan",
            "no plan.json",
            "--secrets",
            "s.yaml");
    assertThat(cutover.exit()).isEqualTo(2);
    assertThat(cutover.err()).contains("resharding.invalid_plan").contains("no plan.json");
  }

  @Test
  void saysWhichJavaItNeeds() throws Exception {
    Path fake = Files.createDirectories(folder.resolve("jdk/bin")).resolve("java");
    Files.writeString(fake, "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n");
    assertThat(fake.toFile().setExecutable(true)).isTrue();
    ScriptRun old =
        ScriptRun.of(
            ScriptRun.script("reshard"), folder, Map.of("JAVA_HOME", folder + "/jdk"), "list");
    assertThat(old.exit()).isEqualTo(2);
    assertThat(old.err()).contains("Java 17 is needed").contains("is version 11");
    ScriptRun none =
        ScriptRun.of(
            ScriptRun.script("reshard"), folder, Map.of("JAVA_HOME", "/no/such/jdk"), "list");
    assertThat(none.exit()).isEqualTo(2);
    assertThat(none.err()).contains("there is no java");
  }

  @Test
  void refusesBadArgumentsOfTheCluster() throws Exception {
    assertThat(run("flink-cluster.sh").exit()).isEqualTo(2);
    assertThat(run("flink-cluster.sh", "fly").err()).contains("unknown command 'fly'");
    assertThat(run("flink-cluster.sh", "start", "--port", "x").err()).contains("--port needs");
    assertThat(run("flink-cluster.sh", "stop", "--port", "1").err()).contains("does not take");
    assertThat(run("flink-cluster.sh", "--help").out()).contains("taskmanager|pids|stop");
  }

  @Test
  void startsWhatIsMissingOfACluster() throws Exception {
    String cluster = folder + "/cluster";
    int port = FreePort.find();
    try {
      ScriptRun started =
          run(
              "flink-cluster.sh",
              "start",
              "--dir",
              cluster,
              "--port",
              Integer.toString(port),
              "--taskmanagers",
              "2",
              "--slots",
              "1");
      assertThat(started.exit()).as("%s", started).isZero();
      assertThat(started.out()).isEqualTo("http://127.0.0.1:" + port + "\n");
      try (RestFlinkCluster client =
          new RestFlinkCluster(URI.create(started.out().trim()), Optional.empty(), 1)) {
        assertThat(client.status(JobID.generate())).isEmpty();
      }
      List<Long> jobManager = pids("jobmanager");
      List<Long> taskManagers = pids("taskmanager");
      assertThat(jobManager).hasSize(1);
      assertThat(taskManagers).hasSize(2);

      ProcessHandle victim = ProcessHandle.of(taskManagers.get(0)).orElseThrow();
      victim.destroyForcibly();
      victim.onExit().get();
      assertThat(pids("taskmanager")).containsExactly(taskManagers.get(1));
      // What was said at the first start is remembered.
      assertThat(run("flink-cluster.sh", "start", "--dir", cluster).out()).isEqualTo(started.out());
      assertThat(pids("jobmanager")).isEqualTo(jobManager);
      assertThat(pids("taskmanager")).hasSize(2).contains(taskManagers.get(1));

      Map<String, String> ours = Map.of("RESHARD_FLINK_DIR", cluster);
      ScriptRun list = ScriptRun.of(ScriptRun.script("flink"), folder, ours, "list");
      assertThat(list.exit()).as("%s", list).isZero();
      assertThat(list.out()).contains("No running jobs");
    } finally {
      assertThat(run("flink-cluster.sh", "stop", "--dir", cluster).exit()).isZero();
    }
    assertThat(pids("jobmanager")).isEmpty();
    assertThat(pids("taskmanager")).isEmpty();
  }
}
