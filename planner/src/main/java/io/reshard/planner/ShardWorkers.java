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
   * The answer of every shard, in the order given. The first failure ends it all and becomes {@code
   * plan_generation_failed}, which names the shard.
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
        futures.add(threads.submit(() -> ask(shardId, question)));
      }
      Map<String, T> answers = new LinkedHashMap<>();
      for (int index = 0; index < futures.size(); index++) {
        answers.put(shardIds.get(index), futures.get(index).get());
      }
      return answers;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ReshardingException own
          ? own
          : new ReshardingException(ErrorCode.INTERNAL, "planning failed: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReshardingException(
          ErrorCode.PLAN_GENERATION_FAILED, "planning was interrupted", e);
    } finally {
      threads.shutdownNow();
    }
  }

  private static <T> T ask(String shardId, Question<T> question) {
    try {
      return question.ask(shardId);
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.PLAN_GENERATION_FAILED,
          "shard '" + shardId + "' cannot be examined: " + e.getMessage(),
          e);
    }
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "reshard-plan");
    thread.setDaemon(true);
    return thread;
  }
}
