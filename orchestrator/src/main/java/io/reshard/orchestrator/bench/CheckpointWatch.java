package io.reshard.orchestrator.bench;

import io.reshard.orchestrator.flink.JobStatistics;
import io.reshard.orchestrator.flink.JobStatistics.Checkpoint;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** All checkpoints of a job from its own start on: the cluster itself remembers the newest ten. */
final class CheckpointWatch implements AutoCloseable {
  private static final long LOOK_SECONDS = 2;

  private final JobStatistics statistics;
  private final Map<Long, Checkpoint> seen = new ConcurrentHashMap<>();
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final Future<?> looking;

  CheckpointWatch(JobStatistics statistics) {
    this.statistics = statistics;
    this.looking = thread.scheduleWithFixedDelay(this::look, 0, LOOK_SECONDS, TimeUnit.SECONDS);
  }

  private void look() {
    try {
      statistics.checkpoints().forEach(one -> seen.put(one.id(), one));
    } catch (IOException e) {
      throw new IllegalStateException("the checkpoints are not known", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Those that were begun within a time; waits until a later one has ended. */
  List<Checkpoint> begunBetween(Instant from, Instant to)
      throws SQLException, IOException, InterruptedException {
    Await.until(
        "a later checkpoint",
        () -> {
          if (looking.isDone()) {
            throw new IllegalStateException("the checkpoints could not be watched");
          }
          return seen.values().stream().anyMatch(one -> one.begun().isAfter(to));
        });
    return seen.values().stream()
        .filter(one -> !one.begun().isBefore(from) && !one.begun().isAfter(to))
        .toList();
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
