package io.reshard.job.gate;

import io.reshard.core.postgres.Endpoint;
import io.reshard.core.shard.Heartbeat;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Beats the heart of one source at a fixed interval, in a thread of its own. A beat that fails is
 * logged and tried again at the next one; meanwhile the frontier stands still, which the lag shows.
 */
final class HeartbeatWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HeartbeatWriter.class);
  private static final long INTERVAL_MILLIS = 200;

  private final Endpoint source;
  private final String operationId;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(new ExecutorThreadFactory("heartbeat"));

  /** Used by the thread alone. */
  private Connection connection;

  HeartbeatWriter(Endpoint source, String operationId) {
    this.source = source;
    this.operationId = operationId;
  }

  void start() {
    // The task never fails: beat() reports every failure and goes on.
    ScheduledFuture<?> unused =
        thread.scheduleWithFixedDelay(this::beat, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void beat() {
    try {
      if (connection == null || connection.isClosed()) {
        connection = source.connect("reshard " + operationId + " heartbeat");
      }
      Heartbeat.beat(connection, operationId);
    } catch (SQLException | RuntimeException e) {
      LOG.warn("{}: a heartbeat failed and is tried again: {}", source, e.getMessage());
      disconnect();
    }
  }

  private void disconnect() {
    if (connection != null) {
      try {
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        LOG.debug("{}: closing the heartbeat's session failed", source, e);
      }
      connection = null;
    }
  }

  @Override
  public void close() {
    thread.execute(this::disconnect);
    thread.shutdown();
  }
}
