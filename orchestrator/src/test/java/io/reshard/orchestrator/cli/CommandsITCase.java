package io.reshard.orchestrator.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.plan.PreflightFinding;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.SmallPlans;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.serve.Caretaker;
import io.reshard.orchestrator.state.DriverLock;
import io.reshard.orchestrator.state.Operation;
import io.reshard.orchestrator.state.OperationError;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.FreePort;
import io.reshard.testkit.ServerOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exit codes, JSON documents and messages of the commands, without any Flink. */
class CommandsITCase {
  private static EmbeddedPostgresServer server;

  @TempDir static Path state;
  @TempDir Path folder;
  private String control;
  private Path config;
  private OperationStore store;

  @BeforeAll
  static void start() throws Exception {
    System.setProperty(StateFolder.PROPERTY, state.toString());
    server = EmbeddedPostgresServer.start(ServerOptions.fast());
    server.createDatabase("app_0");
    try (Connection connection = server.connection("app_0");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL)");
    }
  }

  @AfterAll
  static void stop() {
    server.close();
    System.clearProperty(StateFolder.PROPERTY);
  }

  @BeforeEach
  void configure() throws Exception {
    control = server.createDatabase("c_" + UUID.randomUUID().toString().substring(0, 8));
    config = config("");
    store =
        new PostgresOperationStore(
            new ControlDatabase(new Endpoint("control", control, "postgres", null)).migrate());
  }

  private Path config(String more) throws IOException {
    return write("reshard.yaml", "control: { url: '" + control + "', user: postgres }\n" + more);
  }

  private Path write(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private CommandRun run(String... arguments) {
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "-c";
    all[arguments.length + 1] = config.toString();
    return CommandRun.of(all);
  }

  private static void assertRefused(CommandRun run, int exit, String code, String... parts) {
    assertThat(run.exit()).as("%s", run).isEqualTo(exit);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("reshard: error resharding." + code + ": ");
    for (String part : parts) {
      assertThat(run.err()).contains(part);
    }
    assertThat(run.err()).doesNotContain("\tat ");
  }

  private void registerTopology() throws IOException {
    Topology topology = SmallPlans.topology(1, 1, server.url(""));
    Path file = write("topology.json", Documents.toJson(topology));
    assertThat(run("topology", "init", "--topology", file.toString()).exit()).isZero();
  }

  private Path plan(long sourceVersion, PreflightFinding... findings) {
    Path file = folder.resolve("plan.json");
    PlanFile.write(SmallPlans.plan("op-1", sourceVersion, findings), file);
    return file;
  }

  private Operation operation() {
    return NewOperation.create(
        new ControlDatabase(new Endpoint("control", control, "postgres", null)),
        SmallPlans.plan("op-1", 1),
        io.reshard.orchestrator.config.ReshardingOptions.builder().build());
  }

  @Test
  void changesAThrottleOptionByOption() throws IOException {
    registerTopology();
    operation();
    assertThat(run("throttle", "--bytes-per-second", "10MB", "--readers", "1").exit()).isZero();
    assertThat(run("throttle", "--readers", "off").exit()).isZero();
    JsonNode shown =
        run("throttle", "op-1", "--pause-query", "SELECT 1", "--pause-above", "3", "--json").json();
    assertThat(shown.get("bytesPerSecond").asLong()).isEqualTo(10L << 20);
    assertThat(shown.get("readersPerSource").isNull()).isTrue();
    assertThat(shown.get("pauseQuery").asText()).isEqualTo("SELECT 1");
    assertThat(run("throttle", "--json").json()).isEqualTo(shown);

    assertRefused(
        run("throttle", "--pause-above", "off"), 2, "invalid_configuration", "belong together");
    assertRefused(
        run("throttle", "--readers", "0"), 2, "invalid_configuration", "readersPerSource: '0'");
    assertThat(run("throttle", "--json").json()).isEqualTo(shown);
  }

  @Test
  void registersAndShowsTheTopology() throws IOException {
    assertRefused(run("topology", "show"), 2, "invalid_topology", "topology init");
    registerTopology();
    JsonNode shown = run("topology", "show", "--json").json();
    assertThat(shown.get("version").asLong()).isEqualTo(1);
    assertThat(shown.get("shards")).hasSize(1);
    assertThat(shown.get("shards").get(0).get("status").asText()).isEqualTo("active");
    assertThat(run("topology", "show").out()).contains("shard-0").contains("active");
    CommandRun again =
        run("topology", "init", "--topology", folder.resolve("topology.json").toString());
    assertRefused(again, 3, "topology_conflict", "registered already");
  }

  @Test
  void refusesAStatementBeforeAnythingIsTouched() throws IOException {
    registerTopology();
    for (String[] refused :
        new String[][] {
          {"PRAGMA vacuum", "the pragma 'vacuum' is not supported"},
          {"PRAGMA reshardTable('', 4)", "names no table"},
          {"PRAGMA reshardTable('items', 4)", "the table 'items' is not in the topology"},
          {"PRAGMA reshardTable('orders', 0)", "must be between 1 and 256"},
          {"PRAGMA reshardTable('orders', 257)", "must be between 1 and 256"},
          {"PRAGMA reshardTable('orders', 4)", "needs a cluster that outlives this command"},
        }) {
      assertRefused(run("sql", refused[0]), 2, "invalid_arguments", refused[1]);
    }
    assertRefused(
        run("start", "--table", "orders", "--shards", "300"),
        2,
        "invalid_arguments",
        "must be between 1 and 256");
    assertThat(run("start", "--table", "orders").exit()).isEqualTo(2);
    assertThat(run("start", "--shards", "2", "--plan", "plan.json").exit()).isEqualTo(2);
    assertThat(run("list", "--json").json()).isEmpty();
  }

  @Test
  void routesAKey() throws IOException {
    registerTopology();
    assertThat(run("route", "--table", "orders", "--key", "42").out().trim()).isEqualTo("shard-0");
    JsonNode route = run("route", "--table", "public.orders", "--key", "42", "--json").json();
    assertThat(route.get("shard").asText()).isEqualTo("shard-0");
    assertRefused(
        run("route", "--table", "items", "--key", "1"), 2, "invalid_arguments", "'items'");
    assertRefused(
        run("route", "--table", "orders", "--key", "x"), 2, "invalid_arguments", "'x'", "bigint");
  }

  @Test
  void namesWhatIsWrongWithArgumentsAndFiles() throws IOException {
    assertRefused(CommandRun.of("strat"), 2, "invalid_arguments", "strat");
    assertRefused(CommandRun.of(), 2, "invalid_arguments", "a command is missing");
    assertRefused(run("plan"), 2, "invalid_arguments", "--target");
    assertRefused(run("start", "--plan", "x", "--until", "SOON"), 2, "invalid_arguments", "SOON");
    assertRefused(
        run("start", "--plan", "x", "--until", "PLANNING"), 2, "invalid_arguments", "--until");
    assertRefused(run("start", "--plan", "/no/such/plan"), 2, "invalid_plan", "/no/such/plan");
    assertRefused(
        CommandRun.of("list", "-c", "/no/such/file"), 2, "invalid_configuration", "/no/such/file");
    config = config("opptions: {}");
    assertRefused(run("list"), 2, "invalid_configuration", "'opptions'", "'options'");
  }

  @Test
  void tellsAnUnreachableControlDatabase() throws IOException {
    config = write("away.yaml", "control: { url: 'jdbc:postgresql://127.0.0.1:1/c', user: u }\n");
    assertRefused(run("list"), 6, "state_store_failed", "127.0.0.1:1");
    CommandRun health = run("health", "--json");
    assertThat(health.exit()).isEqualTo(1);
    assertThat(health.json().get("status").asText()).isEqualTo("UNHEALTHY");
    assertThat(health.json().get("description").asText())
        .startsWith("Failed to query resharding state: ");
  }

  @Test
  void needsAnOperation() throws IOException {
    assertThat(run("list", "--json").json()).isEmpty();
    assertRefused(run("status"), 3, "resharding_not_found", "there is none");
    assertRefused(run("status", "op-9"), 3, "resharding_not_found", "'op-9'");
    assertRefused(run("resume"), 3, "resharding_not_found");
    assertRefused(run("rollback", "op-9"), 3, "resharding_not_found");
  }

  @Test
  void refusesWhatAPlanMustNotStart() throws IOException {
    registerTopology();
    PreflightFinding finding =
        new PreflightFinding("wal_level", "shard-0", false, "it is replica", "set it to logical");
    assertRefused(
        run("start", "--plan", plan(1, finding).toString()),
        1,
        "preflight_failed",
        "wal_level on shard-0",
        "set it to logical");
    assertRefused(
        run("start", "--plan", plan(5).toString()), 3, "topology_conflict", "version 1 is active");
    assertThat(store.list()).isEmpty();
  }

  @Test
  void refusesToLeaveAnEmbeddedClusterBehind() throws IOException {
    registerTopology();
    String plan = plan(1).toString();
    assertRefused(
        run("start", "--plan", plan, "--detach"),
        2,
        "invalid_arguments",
        "--detach needs a cluster");
    assertRefused(
        run("start", "--plan", plan, "--until", "COPYING"),
        2,
        "invalid_arguments",
        "--until needs a cluster",
        "flink-cluster.sh");
    assertThat(store.list()).isEmpty();
  }

  @Test
  void writesTheStatusDocument() throws IOException {
    registerTopology();
    operation();
    JsonNode status = run("status", "--json").json();
    assertThat(status.fieldNames())
        .toIterable()
        .containsExactly(
            "id",
            "phase",
            "lastCompletedPhase",
            "overallPercentComplete",
            "startedAt",
            "estimatedSecondsLeft",
            "lagMillis",
            "error",
            "steps",
            "history",
            "jobId",
            "copyPauses");
    assertThat(status.get("phase").asText()).isEqualTo("PLANNING");
    assertThat(status.get("error").isNull()).isTrue();
    assertThat(status.get("steps").get(0).fieldNames())
        .toIterable()
        .containsExactly("step", "rowsCopied", "rowsReplicated", "rowsVerified", "verified");
    assertThat(status.get("history").get(0).fieldNames())
        .toIterable()
        .containsExactly("phase", "startedAt", "completedAt", "durationMillis");
    assertThat(run("list", "--json").json().get(0)).isEqualTo(status);
    assertThat(run("status", "op-1").out()).contains("op-1").contains("PLANNING");
    assertRefused(
        run("start", "--plan", plan(1).toString()), 3, "invalid_phase_transition", "op-1 exists");
  }

  @Test
  void failsWhereARehearsalFindsThatTheSwitchWouldBeRefused() throws IOException {
    Path secrets =
        write(
            "secrets.yaml",
            "nodes: { node-1: { user: postgres } }\n"
                + "control: { url: '"
                + control
                + "', user: postgres }\n");
    Path back = folder.resolve("back.json");
    CommandRun rehearsal =
        run(
            "cutover",
            "--dry-run",
            "--plan",
            plan(1).toString(),
            "--secrets",
            secrets.toString(),
            "--back",
            back.toString());
    assertThat(rehearsal.exit()).isEqualTo(1);
    assertThat(rehearsal.out())
        .contains("Version 1 stays active; gate: ", "shard-0")
        .contains("refuse writes of moved tables on shard-0\n")
        .contains("by then is on shard-1; the lag is unknown")
        .contains("from version 1 to 2: shard-1 active\n")
        .contains("let shard-0, shard-1 take writes");
    assertThat(back).doesNotExist();
  }

  @Test
  void refusesCommandsThatThePhaseDoesNotAllow() throws IOException {
    registerTopology();
    Operation operation = operation();
    assertRefused(run("complete"), 3, "invalid_phase_transition", "PLANNING");
    assertRefused(run("cutover"), 3, "invalid_phase_transition", "after VERIFYING");
    assertRefused(run("verify"), 3, "invalid_phase_transition", "COPYING");
    assertRefused(run("cutover", "--plan", "x"), 2, "invalid_arguments", "--secrets");
    store.enter(operation, io.reshard.orchestrator.state.Phase.ROLLED_BACK);
    assertRefused(run("resume", "op-1"), 3, "invalid_phase_transition", "ROLLED_BACK");
    assertRefused(run("rollback", "op-1"), 3, "rollback_not_available", "ROLLED_BACK");
    assertRefused(run("status"), 3, "resharding_not_found", "op-1 ROLLED_BACK");
  }

  @Test
  void tellsHealth() throws IOException {
    JsonNode healthy = run("health", "--json").json();
    assertThat(healthy.get("status").asText()).isEqualTo("HEALTHY");
    assertThat(healthy.get("description").asText()).isEqualTo("No active resharding operations.");
    assertThat(healthy.get("data").get("activeCount").asInt()).isZero();
    assertThat(healthy.get("data")).hasSize(1);

    registerTopology();
    Operation operation = operation();
    CommandRun degraded = run("health", "--json");
    assertThat(degraded.exit()).isZero();
    assertThat(degraded.json().get("description").asText())
        .isEqualTo("1 resharding operation(s) in progress.");
    assertThat(degraded.json().get("data").get("activeOperations").asText())
        .isEqualTo("op-1=PLANNING");

    config = config("health: { maxReshardingDuration: 1s }");
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> assertThat(run("health").out()).contains("1 exceeded max duration of 1s."));
    store.fail(operation, new OperationError("resharding.copy_failed", "why"));
    CommandRun unhealthy = run("health", "--json");
    assertThat(unhealthy.exit()).isEqualTo(1);
    assertThat(unhealthy.json().get("description").asText())
        .isEqualTo("Resharding issues: 1 failed without rollback.");
    assertThat(unhealthy.json().get("data").get("failedIds").asText()).isEqualTo("op-1");
    assertThat(unhealthy.json().get("data").get("error").asText())
        .isEqualTo("op-1: resharding.copy_failed: why");
  }

  /** The process tries to reach a Flink that is not there, until it is killed. */
  @Test
  void leavesAProcessBehindThatCanBeKilled() throws Exception {
    registerTopology();
    int port = FreePort.find();
    config =
        config(
            "flink: { address: 'http://127.0.0.1:1' }\ntelemetry: { prometheusPort: %d }\n"
                .formatted(port));
    CommandRun started = run("start", "--plan", plan(1).toString(), "--detach", "--json");
    assertThat(started.exit()).as("%s", started).isZero();
    assertThat(started.json().fieldNames()).toIterable().containsExactly("id", "pid", "log");
    ProcessHandle process = ProcessHandle.of(started.json().get("pid").asLong()).orElseThrow();
    try {
      Path log = Path.of(started.json().get("log").asText());
      Awaitility.await()
          .atMost(Duration.ofMinutes(2))
          .untilAsserted(
              () -> {
                assertThat(log).exists();
                assertThat(store.get("op-1").driver()).contains("pid " + process.pid());
                assertThat(store.get("op-1").error()).isNotNull();
                assertThat(metrics(port)).contains("resharding_trouble{");
              });
      assertRefused(run("resume"), 3, "concurrent_resharding_not_allowed", "pid " + process.pid());
    } finally {
      process.destroyForcibly();
    }
    process.onExit().get();
    assertThat(store.get("op-1").phase().terminal()).isFalse();
    // The lock went with the process: another one may drive.
    DriverLock.acquire(new Endpoint("control", control, "postgres", null), "op-1", false).close();
  }

  private static String metrics(int port) throws IOException {
    try (InputStream answer =
        URI.create("http://127.0.0.1:" + port + "/metrics").toURL().openStream()) {
      return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void leavesADetachedOperationToServe() throws Exception {
    registerTopology();
    config = config("flink: { address: 'http://127.0.0.1:1' }");
    CompletableFuture<CommandRun> served = new CompletableFuture<>();
    Thread serve = new Thread(() -> served.complete(run("serve", "--port", "0")), "serve");
    serve.start();
    try {
      ControlDatabase database =
          new ControlDatabase(new Endpoint("control", control, "postgres", null));
      Awaitility.await().until(() -> Caretaker.present(database).isPresent());
      CommandRun started = run("start", "--plan", plan(1).toString(), "--detach", "--json");
      assertThat(started.exit()).as("%s", started).isZero();
      assertThat(started.json().get("id").asText()).isEqualTo("op-1");
      assertThat(started.json().get("pid").isNull()).isTrue();
      // Its shards are not there: that it says so tells that it was taken up.
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(store.get("op-1").error()).isNotNull());
      assertRefused(run("resume"), 3, "concurrent_resharding_not_allowed", DriverLock.self());
    } finally {
      serve.interrupt();
    }
    assertThat(served.get(1, TimeUnit.MINUTES).exit()).isZero();
    assertThat(served.get().err()).contains("reshard serve: http://127.0.0.1:");
    assertThat(store.get("op-1").phase().terminal()).isFalse();
  }
}
