package io.reshard.orchestrator.cutover;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.shard.OtherSessions;
import io.reshard.core.shard.ShardSchema;
import io.reshard.orchestrator.phase.OperationLog;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.postgresql.PGProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session per source and target, opened before the fence, so that no connection is made inside
 * the read-only window. Work on several shards runs in parallel.
 */
final class ShardSessions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShardSessions.class);

  private final Plan plan;
  private final Secrets secrets;
  private final Map<String, Connection> connections = new LinkedHashMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** Work on one shard that has a result. */
  @FunctionalInterface
  interface Query<T> {
    T on(String shard, Connection connection) throws SQLException;
  }

  ShardSessions(Plan plan, Secrets secrets) {
    this.plan = plan;
    this.secrets = secrets;
  }

  Endpoint endpoint(String shard) {
    return plan.endpoint(shard, secrets);
  }

  /** Opens the sessions of {@code shards}; {@code cutover_failed} names one that is unreachable. */
  ShardSessions open(Collection<String> shards) {
    for (String shard : shards) {
      try {
        if (!connections.containsKey(shard)) {
          connections.put(shard, connect(shard));
        }
      } catch (SQLException e) {
        close();
        throw failed(shard, "connecting", e);
      }
    }
    return this;
  }

  /** A further session on a shard. */
  Connection connect(String shard) throws SQLException {
    Properties properties = new Properties();
    PGProperty.OPTIONS.set(properties, ShardSchema.OWN_SESSION);
    return endpoint(shard).connect(name(plan.planId()), properties);
  }

  private static String name(String planId) {
    return "reshard " + planId + " cutover";
  }

  /**
   * Ends the other sessions that were opened on a shard to switch this plan, or the one that it
   * takes back.
   */
  boolean endOthers(String shard, Connection connection) throws SQLException {
    Optional<Integer> alive =
        OtherSessions.end(connection, name(plan.planId()), name(plan.forwardId()));
    if (alive.isPresent()) {
      throw new ReshardingException(
          ErrorCode.CUTOVER_TIMEOUT,
          "process %d on %s, of an earlier cutover, does not end".formatted(alive.get(), shard));
    }
    return true;
  }

  /** Runs {@code work} on all {@code shards} at once; the first failure is thrown. */
  <T> Map<String, T> each(
      Collection<String> shards, String step, Deadline deadline, Query<T> work) {
    Map<String, Future<T>> futures = new LinkedHashMap<>();
    for (String shard : shards) {
      Connection connection = connections.get(shard);
      futures.put(shard, threads.submit(OperationLog.carried(() -> work.on(shard, connection))));
    }
    Map<String, T> results = new LinkedHashMap<>();
    for (Map.Entry<String, Future<T>> future : futures.entrySet()) {
      results.put(future.getKey(), await(future.getKey(), step, deadline, future.getValue()));
    }
    return results;
  }

  /** Runs {@code work}, and {@code other} beside it; returns when both have ended. */
  void beside(String step, Deadline deadline, Runnable other, Runnable work) {
    Future<?> running = threads.submit(OperationLog.carried(Executors.callable(other)));
    work.run();
    await("the shards", step, deadline, running);
  }

  private <T> T await(String shard, String step, Deadline deadline, Future<T> future) {
    try {
      return future.get(deadline.left(step).toMillis() + 1, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ReshardingException own) {
        throw own;
      }
      throw failed(shard, step, e.getCause());
    } catch (TimeoutException e) {
      throw deadline.passed(step);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(shard, step, e);
    }
  }

  private static ReshardingException failed(String shard, String step, Throwable cause) {
    return new ReshardingException(
        ErrorCode.CUTOVER_FAILED,
        "the step '" + step + "' failed on " + shard + ": " + cause.getMessage(),
        cause);
  }

  /** Ends all sessions at once; what they have not committed is rolled back. */
  @Override
  public void close() {
    threads.shutdownNow();
    for (Map.Entry<String, Connection> session : connections.entrySet()) {
      try {
        session.getValue().abort(Runnable::run);
      } catch (SQLException e) {
        LOG.warn("{}: a session could not be closed: {}", session.getKey(), e.getMessage());
      }
    }
    connections.clear();
  }
}
