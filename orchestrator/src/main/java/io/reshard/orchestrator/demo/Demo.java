package io.reshard.orchestrator.demo;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.topology.Topology;
import io.reshard.orchestrator.config.ReshardingOptions;
import io.reshard.orchestrator.cutover.FencedCutover;
import io.reshard.orchestrator.flink.EmbeddedCluster;
import io.reshard.orchestrator.phase.NewOperation;
import io.reshard.orchestrator.phase.OperationContext;
import io.reshard.orchestrator.phase.OperationDriver;
import io.reshard.orchestrator.phase.StatusReader;
import io.reshard.orchestrator.state.Phase;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.ServerOptions;
import io.reshard.testkit.TestKitException;
import io.reshard.testkit.WriterOptions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The whole workflow while an application writes: copy, replication, verification and switch by the
 * product, then a verdict by the test kit. For one use.
 */
public final class Demo {
  private static final Duration AFTER_SWITCH = Duration.ofSeconds(3);
  private static final Duration REACH_ALL = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration BEFORE_RESUMING = Duration.ofSeconds(5);
  private static final int ATTEMPTS = 10;
  private static final Set<ErrorCode> REFUSALS =
      EnumSet.of(ErrorCode.CUTOVER_ABORTED, ErrorCode.CUTOVER_TIMEOUT);
  private static final int USUAL_CONNECTIONS = 200;
  private static final int USUAL_SLOTS = 32;

  private final DemoOptions options;
  private final Playground playground;
  private final DemoView view;
  private Optional<Topology> topology = Optional.empty();

  public Demo(DemoOptions options, Playground playground, DemoView view) {
    this.options = options;
    this.playground = playground;
    this.view = view;
  }

  /** Runs the demo in {@code playground}, which stays open. */
  public DemoResult run() throws SQLException {
    LiveSystem system = startSystem();
    EmbeddedCluster cluster = playground.startCluster();
    view.say("Flink's Web UI: " + cluster.address());
    TopologyDirectory directory = system.directory();
    LiveWriter writer = startWriters(system, directory);
    Plan plan = system.plan(options.to());
    Migration migration = migrate(system, cluster, writer, plan);
    long writesAtSwitch = writer.report().writes();
    writeOn(writer, directory, plan);
    writer.close();
    long writesAfterSwitch = writer.report().writes() - writesAtSwitch;
    view.say("Comparing every row with what the writers know they wrote …");
    Verdict verdict = judge(system, writer, plan);
    return new DemoResult(
        report(verdict, migration, writer), verdict, migration, writer.report(), writesAfterSwitch);
  }

  /** The newest topology whose shards exist; empty until the databases run. */
  public Optional<Topology> topology() {
    return topology;
  }

  private LiveSystem startSystem() throws SQLException {
    view.say(
        String.format(
            Locale.ROOT,
            "Starting two PostgreSQL servers; loading %d shards with about %,d rows …",
            options.from(),
            options.rows()));
    LiveSystem system =
        playground.startSystem(
            () -> LiveSystem.start(options.from(), options.orders(), serverOptions()));
    topology = Optional.of(system.topology(1, options.from()));
    view.say(String.format(Locale.ROOT, "Loaded %,d rows.", system.loaded().total()));
    return system;
  }

  /** A writer has a connection to every shard, and a source has a slot. */
  private ServerOptions serverOptions() {
    String slots = Integer.toString(USUAL_SLOTS + 2 * options.mostShards());
    return ServerOptions.defaults()
        .setting(
            "max_connections",
            Integer.toString(
                USUAL_CONNECTIONS + options.mostShards() * (options.writers() + USUAL_SLOTS)))
        .setting("max_replication_slots", slots)
        .setting("max_wal_senders", slots);
  }

  private LiveWriter startWriters(LiveSystem system, TopologyDirectory directory)
      throws SQLException {
    WriterOptions load =
        WriterOptions.defaults()
            .withWriters(options.writers())
            .withWritesPerSecond(DemoOptions.WRITES_PER_SECOND)
            .withMaxNoteCharacters(DemoOptions.MAX_NOTE_CHARACTERS);
    view.say(
        options.writers()
            + " writers: "
            + DemoOptions.WRITES_PER_SECOND
            + " transactions per second in all, from now on.");
    return playground.open(() -> system.write(load, directory), LiveWriter::close);
  }

  /** In two calls, since the cluster forgets the job after the switch. */
  private Migration migrate(
      LiveSystem system, EmbeddedCluster cluster, LiveWriter writer, Plan plan) {
    ReshardingOptions defaults = ReshardingOptions.builder().build();
    NewOperation.create(system.control(), plan, defaults);
    OperationContext context =
        new OperationContext(
            plan,
            system.secrets(),
            system.control(),
            defaults,
            Optional.of(cluster),
            Optional.empty());
    OperationDriver driver =
        new OperationDriver(context, new ObservedCutover(new FencedCutover(), writer));
    StatusReader statuses = new StatusReader(system.control());
    DemoView.Progress progress = view.showProgress(plan, () -> statuses.read(plan.planId()));
    try {
      driver.drive(Optional.of(Phase.COPYING));
      long copyRate =
          CopyRate.rowsPerSecond(system.control(), cluster.address(), statuses.read(plan.planId()));
      driveThrough(driver);
      topology = Optional.of(plan.target());
      return new Migration(
          plan, statuses.read(plan.planId()), driver.cutoverReport().orElseThrow(), copyRate);
    } finally {
      progress.close();
    }
  }

  /**
   * Through the switch. On a busy machine the lag can grow beyond the threshold just when the gate
   * looks, and the gate refuses: an operator would resume, and so does the demo.
   */
  private void driveThrough(OperationDriver driver) {
    for (int attempt = 1; ; attempt++) {
      try {
        driver.drive(Optional.empty());
        return;
      } catch (ReshardingException e) {
        if (attempt == ATTEMPTS || !REFUSALS.contains(e.errorCode())) {
          throw e;
        }
        view.say("No switch yet, and nothing has changed; it is tried again. " + e.getMessage());
        pause(BEFORE_RESUMING);
      }
    }
  }

  /** Some seconds, and until every shard that got rows has been written to. */
  private void writeOn(LiveWriter writer, TopologyDirectory directory, Plan plan) {
    view.say("Switched; the writers go on under the new topology …");
    Set<String> missing = new TreeSet<>(plan.targets());
    long start = System.nanoTime();
    while (System.nanoTime() - start < AFTER_SWITCH.toNanos() || !missing.isEmpty()) {
      pause(POLL);
      if (failure(writer).isPresent()) {
        return;
      }
      missing.removeAll(directory.reached(plan.target().version()));
      if (System.nanoTime() - start > REACH_ALL.toNanos()) {
        throw new ReshardingException(
            ErrorCode.CUTOVER_FAILED,
            "the writers did not reach "
                + missing
                + " within "
                + REACH_ALL.toSeconds()
                + " s of the switch");
      }
    }
  }

  private static void pause(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReshardingException(ErrorCode.INTERNAL, "interrupted", e);
    }
  }

  private static Verdict judge(LiveSystem system, LiveWriter writer, Plan plan)
      throws SQLException {
    Strays strays = Strays.count(system.owned(plan.source()), system.owned(plan.target()));
    return new Verdict(
        system.check(writer.history(), plan.target()),
        strays.moved(),
        strays.unowned(),
        failure(writer));
  }

  private static Optional<String> failure(LiveWriter writer) {
    try {
      writer.checkHealthy();
      return Optional.empty();
    } catch (TestKitException e) {
      return Optional.of(e.getMessage());
    }
  }

  private static DemoReport report(Verdict verdict, Migration migration, LiveWriter writer) {
    return new DemoReport(
        verdict.equal(),
        verdict.history().rows(),
        migration.status().rowsReplicated(),
        migration.copyRowsPerSecond(),
        writer.report().windowMillis(),
        verdict.strays());
  }
}
