package io.reshard.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.TopologyStore;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.cli.CommandRun;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.demo.ClusterProcesses;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.FlinkCluster;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.state.OperationStore;
import io.reshard.orchestrator.state.Phase;
import io.reshard.orchestrator.state.PostgresOperationStore;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.ServerOptions;
import io.reshard.testkit.WriterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.awaitility.Awaitility;

/**
 * One operation, from 2 shards to 3 under write load, whose commands are interrupted: servers of
 * its own, and a cluster that others use before and after it.
 */
final class InterruptedOperation implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int KILLED = 137;
  private static final WriterOptions LOAD =
      WriterOptions.defaults().withWritesPerSecond(80).withRetryTimeout(PATIENCE);

  private final Path folder;
  private final FlinkCluster cluster;
  private final LiveSystem system;
  private final Plan plan;
  private final Path planFile;
  private final OperationStore operations;
  private final LiveWriter writer;
  private final Map<String, String> options =
      new TreeMap<>(Map.of("cdcLagThreshold", "1m", "cleanupRetention", "0s"));

  private InterruptedOperation(Path folder, FlinkCluster cluster, LiveSystem system) {
    this.folder = folder;
    this.cluster = cluster;
    this.system = system;
    this.plan = system.plan(3);
    this.planFile = folder.resolve("plan.json");
    PlanFile.write(plan, planFile);
    this.operations = new PostgresOperationStore(system.control());
    this.writer = system.write(LOAD);
  }

  static InterruptedOperation begin(Path folder, FlinkCluster cluster) throws SQLException {
    return new InterruptedOperation(
        folder, cluster, LiveSystem.start(2, 200, ServerOptions.fast()));
  }

  /** Sets an option of the configuration that commands read from now on. */
  void option(String name, String value) {
    options.put(name, value);
  }

  /** Drives the operation in this process until it has completed {@code phase}; null: switches. */
  void driveUntil(Phase phase) {
    OperationContext context = Operations.begin(system, plan, cluster);
    new OperationDriver(context, new FencedCutover()).drive(Optional.ofNullable(phase));
  }

  /** Starts a command in a process of its own, which is interrupted as {@code stopAt} says. */
  Process start(String command, String stopAt) throws IOException {
    List<String> arguments =
        command.equals("start") ? List.of("--plan", planFile.toString()) : List.of(plan.planId());
    List<String> settings = List.of("-Dreshard.test.stopAt=" + stopAt);
    return CommandProcess.start(config(), folder, settings, command, arguments);
  }

  private Path config() throws IOException {
    return Files.writeString(
        folder.resolve("reshard.yaml"),
        """
        control: { url: '%s', user: postgres }
        flink: { address: '%s', checkpoints: '%s' }
        options: %s
        """
            .formatted(
                system.control().endpoint().url(),
                cluster.address(),
                folder.resolve("checkpoints").toUri(),
                Documents.toJson(options)));
  }

  /** A command in this process; it has to end, and what it says is left to the caller. */
  CommandRun run(String command) throws Exception {
    String config = config().toString();
    return CompletableFuture.supplyAsync(() -> CommandRun.of(command, plan.planId(), "-c", config))
        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  /** A command in this process that has to succeed. */
  void succeed(String command) throws Exception {
    CommandRun run = run(command);
    assertThat(run.exit()).as(() -> command + ": " + run + "\nbefore:\n" + said()).isZero();
  }

  void awaitKilled(Process process) throws InterruptedException {
    assertThat(exitOf(process)).as(this::said).isEqualTo(KILLED);
  }

  int exitOf(Process process) throws InterruptedException {
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as(this::said).isTrue();
    return process.exitValue();
  }

  /** Returns when the process has stopped itself. */
  void awaitFrozen(Process process) {
    Path state = Path.of("/proc", Long.toString(process.pid()), "stat");
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              assertThat(process.isAlive()).as(this::said).isTrue();
              return Files.readString(state).contains(") T ");
            });
  }

  static void thaw(Process process) throws IOException, InterruptedException {
    ClusterProcesses.thaw(process.pid());
  }

  Phase phase() {
    return operations.get(plan.planId()).phase();
  }

  /**
   * One topology is in force and its shards take every write; nothing is lost or made up; no fence
   * stands, no attempt to switch is open, and every slot is known. Returns whether it is the new
   * topology.
   */
  boolean requireSound() throws Exception {
    Topology active = new TopologyStore(system.control()).active();
    boolean switched = active.version() == plan.target().version();
    assertThat(control("SELECT operation_id FROM cutover_attempt WHERE status = 'OPEN'")).isEmpty();
    List<String> databases = new ArrayList<>(plan.sources());
    if (switched) {
      databases.addAll(plan.targets());
    }
    for (String shard : new TreeSet<>(databases)) {
      assertThat(
              query(
                  shard,
                  "SELECT tgname || ' on ' || tgrelid::regclass FROM pg_trigger"
                      + " WHERE tgname ~* '^reshard_fence' AND tgenabled <> 'D'"))
          .as("fences on " + shard)
          .isEmpty();
    }
    awaitWrites();
    writer.pause();
    HistoryReport history =
        system.check(
            writer.history(),
            switched ? plan.target() : new TopologyStore(system.control()).active());
    assertThat(history.consistent()).as("%s", history).isTrue();
    writer.resume();
    assertThat(control("SELECT slot FROM change_capture")).containsAll(slots());
    return switched;
  }

  /** Of an operation that has ended nothing may be left. */
  void requireNothingLeft() throws SQLException {
    assertThat(control("SELECT slot FROM change_capture")).isEmpty();
    assertThat(slots()).isEmpty();
  }

  private void awaitWrites() {
    long before = writer.report().writes();
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              writer.checkHealthy();
              return writer.report().writes() > before + 40;
            });
  }

  private List<String> slots() throws SQLException {
    List<String> slots = new ArrayList<>();
    for (String shard : List.of("shard-0", "shard-1")) {
      slots.addAll(query(shard, "SELECT slot_name FROM pg_replication_slots"));
    }
    return slots;
  }

  private List<String> control(String sql) {
    return system
        .control()
        .call(
            "look",
            jdbi -> jdbi.withHandle(handle -> handle.createQuery(sql).mapTo(String.class).list()));
  }

  private List<String> query(String shard, String sql) throws SQLException {
    try (Connection connection = plan.endpoint(shard, system.secrets()).connect("test");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (row.next()) {
        rows.add(row.getString(1));
      }
      return rows;
    }
  }

  /** What the interrupted commands have said. */
  String said() {
    StringBuilder all = new StringBuilder();
    for (String command : List.of("start", "resume", "rollback", "complete")) {
      if (Files.exists(folder.resolve(command + ".log"))) {
        all.append(command).append(": ").append(CommandProcess.said(folder, command));
      }
    }
    return all.toString();
  }

  @Override
  public void close() {
    writer.close();
    // A job that is left behind without its databases would take the next one's slots.
    for (String job :
        control(
            "SELECT job_id FROM operation WHERE job_id IS NOT NULL"
                + " UNION SELECT job_id FROM verification_run WHERE job_id IS NOT NULL")) {
      cluster.cancel(JobID.fromHexString(job));
    }
    system.close();
  }
}
