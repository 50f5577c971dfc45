package io.reshard.job.change;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.CheckpointType;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** A job that hands each event of one source to the test, on a cluster that all tests share. */
final class TestJob implements AutoCloseable {

  private static final AtomicInteger COUNTER = new AtomicInteger();
  private static final Map<Integer, TestJob> JOBS = new ConcurrentHashMap<>();
  private static MiniCluster cluster;

  /** What the job does with an event, in the task's thread; an exception makes the task fail. */
  @FunctionalInterface
  interface Handler {
    void handle(ChangeEvent event) throws Exception;
  }

  /** Told of each completed checkpoint how many events of this attempt it covers. */
  @FunctionalInterface
  interface CheckpointHandler {
    void completed(int eventsOfAttempt);
  }

  final ConcurrentLinkedQueue<ChangeEvent> events = new ConcurrentLinkedQueue<>();
  final AtomicInteger attempts = new AtomicInteger();

  private final int number = COUNTER.incrementAndGet();
  private final Source<ChangeEvent, ?, ?> source;
  private final Configuration configuration = new Configuration();
  private volatile Handler handler = event -> {};
  private volatile CheckpointHandler checkpoints = count -> {};
  private String savepoint;
  private JobID id;
  private CompletableFuture<JobResult> result;

  private TestJob(Source<ChangeEvent, ?, ?> source) {
    this.source = source;
    configuration.set(PipelineOptions.GENERIC_TYPES, false);
    configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofHours(1));
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 100);
    configuration.set(
        RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(10));
  }

  static TestJob of(Source<ChangeEvent, ?, ?> source) {
    return new TestJob(source);
  }

  /** Starts the change source for these tables. */
  static TestJob start(TestShard shard, List<CapturedTable> tables) {
    return of(ChangeSource.of(shard.settings(tables.toArray(CapturedTable[]::new)))).start();
  }

  TestJob checkpointEvery(Duration interval) {
    configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, interval);
    return this;
  }

  TestJob from(String path) {
    savepoint = path;
    return this;
  }

  TestJob with(Handler eventHandler) {
    handler = eventHandler;
    return this;
  }

  TestJob onCheckpoints(CheckpointHandler checkpointHandler) {
    checkpoints = checkpointHandler;
    return this;
  }

  TestJob start() {
    JOBS.put(number, this);
    try {
      StreamExecutionEnvironment environment =
          StreamExecutionEnvironment.getExecutionEnvironment(configuration);
      environment
          .fromSource(source, WatermarkStrategy.noWatermarks(), "changes")
          .setParallelism(1)
          .uid("changes")
          .map(new HandOver(number))
          .setParallelism(1)
          .uid("test")
          .sinkTo(new DiscardingSink<>())
          .setParallelism(1)
          .uid("end");
      JobGraph graph = environment.getStreamGraph().getJobGraph();
      if (savepoint != null) {
        graph.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(savepoint));
      }
      id = cluster().submitJob(graph).get(30, TimeUnit.SECONDS).getJobID();
      result = cluster().requestJobResult(id);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return this;
  }

  private static synchronized MiniCluster cluster() throws Exception {
    if (cluster == null) {
      Configuration configuration = new Configuration();
      configuration.set(RestOptions.BIND_PORT, "0");
      cluster =
          new MiniCluster(
              new MiniClusterConfiguration.Builder()
                  .setConfiguration(configuration)
                  .setNumTaskManagers(1)
                  .setNumSlotsPerTaskManager(4)
                  .build());
      cluster.start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> cluster.closeAsync().join()));
    }
    return cluster;
  }

  /** The keys of row changes so far, a composite key's values joined by commas. */
  List<String> keys() {
    return events.stream()
        .filter(event -> !event.isHeartbeat())
        .map(event -> String.join(",", event.key))
        .toList();
  }

  /** The keys of the changes of one table so far. */
  List<String> keys(int table) {
    return events.stream()
        .filter(event -> event.table == table)
        .map(event -> String.join(",", event.key))
        .toList();
  }

  void awaitEvents(int count) {
    await().atMost(Duration.ofSeconds(30)).until(() -> events.size() >= count);
  }

  void awaitHeartbeats(int count) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> events.stream().filter(ChangeEvent::isHeartbeat).count() >= count);
  }

  void awaitKey(String key) {
    await().atMost(Duration.ofSeconds(30)).until(() -> keys().contains(key));
  }

  /** Takes a checkpoint and waits for it; its confirmation to the slot may come a little later. */
  void checkpoint() {
    // Until the task runs, Flink declines.
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(() -> wait(clusterCall(c -> c.triggerCheckpoint(id, CheckpointType.FULL))) > 0);
  }

  JobStatus status() {
    return wait(clusterCall(c -> c.getJobStatus(id)));
  }

  /** Waits for the job to fail for good and returns why. */
  Throwable failure() {
    return wait(result)
        .getSerializedThrowable()
        .orElseThrow(() -> new AssertionError("The job has ended without failing"));
  }

  String stopWithSavepoint(Path folder) {
    String path =
        wait(
            clusterCall(
                c ->
                    c.stopWithSavepoint(
                        id, folder.toUri().toString(), false, SavepointFormatType.CANONICAL)));
    wait(result);
    return path;
  }

  @Override
  public void close() {
    if (!result.isDone()) {
      wait(clusterCall(c -> c.cancelJob(id)));
      wait(result);
    }
    JOBS.remove(number);
  }

  private interface ClusterCall<T> {
    CompletableFuture<T> on(MiniCluster cluster);
  }

  private static <T> CompletableFuture<T> clusterCall(ClusterCall<T> call) {
    try {
      return call.on(cluster());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static <T> T wait(CompletableFuture<T> future) {
    try {
      return future.get(60, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The job's end; finds its test by number, because it is serialized on its way. */
  private static final class HandOver
      implements MapFunction<ChangeEvent, ChangeEvent>, CheckpointedFunction, CheckpointListener {

    private static final long serialVersionUID = 1L;

    private final int job;
    private final Map<Long, Integer> countsByCheckpoint = new ConcurrentHashMap<>();
    private int count;

    HandOver(int job) {
      this.job = job;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) {
      JOBS.get(job).attempts.incrementAndGet();
    }

    @Override
    public ChangeEvent map(ChangeEvent event) throws Exception {
      TestJob test = JOBS.get(job);
      test.handler.handle(event);
      test.events.add(event);
      count++;
      return event;
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) {
      countsByCheckpoint.put(context.getCheckpointId(), count);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
      JOBS.get(job).checkpoints.completed(countsByCheckpoint.get(checkpointId));
    }
  }
}
