package io.reshard.planner;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/** Asks several shards at once, with at most so many sessions in all. */
final class ShardWorkers {
  private static final int MAX_THREADS = 8;

  private ShardWorkers() {}

  /** What is asked of one shard. */
  @FunctionalInterface
  interface Question<T> {
    T ask(String shardId) throws SQLException;
  }

  /**
   * The answer of every shard, in the order given. Shards that cannot be examined are {@code
   * plan_generation_failed}, which names all of them.
   */
  static <T> Map<String, T> askAll(List<String> shardIds, Question<T> question) {
    if (shardIds.isEmpty()) {
      return Map.of();
    }
    ExecutorService threads =
        Executors.newFixedThreadPool(Math.min(shardIds.size(), MAX_THREADS), ShardWorkers::daemon);
    try {
      List<Future<T>> futures = new ArrayList<>();
      for (String shardId : shardIds) {
        futures.add(threads.submit(() -> question.ask(shardId)));
      }
      Map<String, T> answers = new LinkedHashMap<>();
      List<ShardFailure> failures = new ArrayList<>();
      for (int index = 0; index < futures.size(); index++) {
        try {
          answers.put(shardIds.get(index), futures.get(index).get());
        } catch (ExecutionException e) {
          failures.add(new ShardFailure(shardIds.get(index), e.getCause()));
        }
      }
      if (!failures.isEmpty()) {
        throw failure(failures);
      }
      return answers;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReshardingException(
          ErrorCode.PLAN_GENERATION_FAILED, "planning was interrupted", e);
    } finally {
      threads.shutdownNow();
    }
  }

  private record ShardFailure(String shardId, Throwable cause) {}

  /** An error of our own as it is; else what each server said. */
  private static ReshardingException failure(List<ShardFailure> failures) {
    for (ShardFailure failure : failures) {
      if (failure.cause() instanceof ReshardingException own) {
        return own;
      }
      if (!(failure.cause() instanceof SQLException)) {
        return new ReshardingException(
            ErrorCode.INTERNAL, "planning failed: " + failure.cause(), failure.cause());
      }
    }
    ReshardingException all =
        new ReshardingException(
            ErrorCode.PLAN_GENERATION_FAILED,
            failures.stream()
                .map(
                    failure ->
                        "shard '%s' cannot be examined: %s"
                            .formatted(failure.shardId(), failure.cause().getMessage()))
                .collect(Collectors.joining("; ")),
            failures.get(0).cause());
    failures.stream().skip(1).map(ShardFailure::cause).forEach(all::addSuppressed);
    return all;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "reshard-plan");
    thread.setDaemon(true);
    return thread;
  }
}
