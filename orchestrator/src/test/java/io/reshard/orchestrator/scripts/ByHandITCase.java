package io.reshard.orchestrator.scripts;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.core.control.JobProgress;
import io.reshard.core.control.Throttle;
import io.reshard.core.control.ThrottleStore;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlanFile;
import io.reshard.core.savepoint.SavepointContent.TableContent;
import io.reshard.orchestrator.demo.ClusterProcesses;
import io.reshard.orchestrator.demo.LiveSystem;
import io.reshard.orchestrator.flink.JobJars;
import io.reshard.orchestrator.flink.JobStatistics;
import io.reshard.orchestrator.flink.RestFlinkCluster;
import io.reshard.orchestrator.savepoint.SavepointReport;
import io.reshard.orchestrator.savepoint.Savepoints;
import io.reshard.testkit.HistoryReport;
import io.reshard.testkit.LiveWriter;
import io.reshard.testkit.WriterOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.util.IOUtils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every step by hand, with Flink's own command line on a cluster of processes, under write load; in
 * the end the writers' own history is checked.
 */
@Tag("long")
@Tag("cluster")
class ByHandITCase {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Pattern SUBMITTED = Pattern.compile("submitted with JobID (\\w+)");
  private static final Pattern SAVEPOINT = Pattern.compile("Savepoint completed. Path: (\\S+)");
  private static final Throttle PAUSED = new Throttle(null, null, "SELECT 1", 0.0);

  /** A table of the sample application takes some seconds, and there are four. */
  private static final Throttle SLOW = new Throttle(40_000L, 1, null, null);

  private static final long WRITES = 300;

  @TempDir private Path folder;
  private ClusterProcesses processes;
  private LiveSystem system;
  private LiveWriter writer;
  private Plan plan;
  private ThrottleStore throttles;
  private JobProgress progress;

  @BeforeEach
  void start() throws Exception {
    processes = ClusterProcesses.start(folder.resolve("cluster"));
    system = LiveSystem.start(2, 4_000);
    writer = system.write(WriterOptions.defaults().withWritesPerSecond(100));
    plan = system.plan(3);
    PlanFile.write(plan, folder.resolve("plan.json"));
    writeSecrets();
    throttles = new ThrottleStore(system.control());
    progress = new JobProgress(system.control(), plan.planId());
  }

  @AfterEach
  void stop() throws Exception {
    IOUtils.closeAll(processes, writer, system);
  }

  /** Of a copy that is stopped in the middle, twice, and resumed with more subtasks and fewer. */
  @Test
  void parkedKeysOutliveSavepointsAndOtherParallelisms() throws Exception {
    throttles.set(plan.planId(), PAUSED);
    String job = run("-p", "2");
    awaitWrites();
    SavepointReport nothingCopied = inspect(stop(job));
    assertThat(sum(nothingCopied, TableContent::parkedKeys)).isPositive();
    assertThat(sum(nothingCopied, TableContent::finishedSplits)).isZero();

    throttles.set(plan.planId(), SLOW);
    job = run("-p", "3", "-s", nothingCopied.path());
    await(() -> !progress.copiedRows().isEmpty());
    awaitWrites();
    SavepointReport halfCopied = inspect(stop(job));
    assertThat(sum(halfCopied, TableContent::parkedKeys)).isPositive();
    assertThat(sum(halfCopied, TableContent::finishedSplits))
        .isPositive()
        .isLessThan(plan.splits().size());

    throttles.set(plan.planId(), Throttle.NONE);
    run("-p", "1", "-s", halfCopied.path());
    switchAndCheck();
  }

  /** Two people who do not know of each other. */
  @Test
  void ofTwoJobsThatAreSubmittedAtOnceOneEndsForGood() throws Exception {
    throttles.set(plan.planId(), SLOW);
    CompletableFuture<ScriptRun> other = CompletableFuture.supplyAsync(this::submit);
    List<ScriptRun> submitted =
        List.of(submit(), other.get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    // Which is found to be late as early as it prepares its first start is not submitted at all.
    assertThat(submitted)
        .filteredOn(one -> one.exit() != 0)
        .hasSizeLessThan(2)
        .allSatisfy(one -> assertThat(one.err()).contains(ErrorCode.EPOCH_SUPERSEDED.code()));
    List<JobID> jobs =
        submitted.stream()
            .filter(one -> one.exit() == 0)
            .map(one -> JobID.fromHexString(said(one.out(), SUBMITTED)))
            .toList();
    try (RestFlinkCluster cluster =
        new RestFlinkCluster(processes.address(), Optional.empty(), 2)) {
      await(() -> in(JobStatus.FAILED, jobs, cluster).size() == jobs.size() - 1);
      throttles.set(plan.planId(), Throttle.NONE);
      switchAndCheck();
      assertThat(in(JobStatus.FAILED, jobs, cluster))
          .allSatisfy(
              ended ->
                  assertThat(cluster.failure(ended))
                      .hasValueSatisfying(
                          failure ->
                              assertThat(failure.code()).hasValue(ErrorCode.EPOCH_SUPERSEDED)));
    }
  }

  private static List<JobID> in(JobStatus status, List<JobID> jobs, RestFlinkCluster cluster) {
    return jobs.stream().filter(job -> cluster.status(job).orElseThrow() == status).toList();
  }

  private void switchAndCheck() throws Exception {
    await(() -> progress.completedTables().size() == plan.tables().size());
    assertThat(progress.awaitFrontier(System.currentTimeMillis(), PATIENCE)).isTrue();
    flink("run", jar("verifier/target/reshard-verifier.jar"), "--plan", "plan.json");
    ScriptRun cutover = script("cutover.sh", "--plan", "plan.json", "--secrets", "secrets.yaml");
    assertThat(cutover.exit()).as("%s", cutover).isZero();
    writer.stop();
    HistoryReport history = system.check(writer.history(), plan.target());
    assertThat(history.consistent()).as("%s", history).isTrue();
  }

  private void writeSecrets() throws Exception {
    Files.writeString(
        folder.resolve("secrets.yaml"),
        """
        nodes: { node-1: { user: postgres }, node-2: { user: postgres } }
        control: { url: '%s', user: postgres }
        """
            .formatted(system.control().endpoint().url()));
  }

  /** Submits the job and returns its id. */
  private String run(String... options) throws Exception {
    List<String> words = new ArrayList<>(List.of("run", "-d"));
    words.addAll(List.of(options));
    words.addAll(List.of(jar("job/target/reshard-job.jar"), "--plan", "plan.json"));
    return said(flink(words.toArray(String[]::new)), SUBMITTED);
  }

  private ScriptRun submit() {
    try {
      return script(
          "flink",
          "run",
          "-d",
          "-p",
          "2",
          jar("job/target/reshard-job.jar"),
          "--plan",
          "plan.json",
          "--secrets",
          "secrets.yaml");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Stops the job with a savepoint, which takes all its subtasks, and returns where that is. */
  private String stop(String job) throws Exception {
    JobStatistics statistics = new JobStatistics(processes.address(), job);
    await(() -> statistics.runningSinceMillis().isPresent());
    String to = folder.resolve("savepoints").toUri().toString();
    return said(flink("stop", "--savepointPath", to, job), SAVEPOINT);
  }

  /** Flink's own command line; whatever takes a plan takes the secrets too. */
  private String flink(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of(words));
    if (all.contains("--plan")) {
      all.addAll(List.of("--secrets", "secrets.yaml"));
    }
    ScriptRun run = script("flink", all.toArray(String[]::new));
    assertThat(run.exit()).as("%s", run).isZero();
    return run.out();
  }

  private ScriptRun script(String name, String... words) throws Exception {
    Map<String, String> environment =
        Map.of(
            "RESHARD_FLINK_DIR",
            folder.resolve("cluster").toString(),
            "RESHARD_STATE_DIR",
            folder.resolve("state").toString());
    return ScriptRun.of(ScriptRun.script(name), folder, environment, words);
  }

  private static String jar(String path) {
    return JobJars.home().resolve(path).toString();
  }

  private static String said(String output, Pattern pattern) {
    Matcher matcher = pattern.matcher(output);
    assertThat(matcher.find()).as("%s", output).isTrue();
    return matcher.group(1);
  }

  private SavepointReport inspect(String savepoint) {
    return new Savepoints(system.control(), one -> system.secrets()).inspect(savepoint, id -> plan);
  }

  private static long sum(SavepointReport report, ToLongFunction<TableContent> number) {
    return report.tables().stream().mapToLong(number).sum();
  }

  private void awaitWrites() {
    long before = writer.report().writes();
    await(() -> writer.report().writes() >= before + WRITES);
  }

  private static void await(Callable<Boolean> condition) {
    Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(condition);
  }
}
