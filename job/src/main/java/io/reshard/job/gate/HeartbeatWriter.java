package io.reshard.job.gate;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.shard.Heartbeat;
import io.reshard.core.shard.SchemaWatch;
import io.reshard.job.Migration;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.flink.util.concurrent.ExecutorThreadFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Beats the heart of one source at a fixed interval, in a thread of its own. A beat that fails is
 * logged and tried again at the next one; meanwhile the frontier stands still, which the lag shows.
 *
 * <p>Every few beats it also looks whether the moved tables are as they were. That is soon enough:
 * what was read in between counts for nothing, as the fence looks once more when nobody can write.
 */
final class HeartbeatWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HeartbeatWriter.class);
  private static final long INTERVAL_MILLIS = 200;

  /** One second: a look costs some milliseconds where the tables are many. */
  private static final int BEATS_PER_LOOK = 5;

  private final Endpoint source;
  private final String operationId;
  private final SchemaWatch watch;
  private final Consumer<ReshardingException> onSchemaChange;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(new ExecutorThreadFactory("heartbeat"));

  /** Used by the thread alone. */
  private Connection connection;

  /** Used by the thread alone. */
  private int beats;

  HeartbeatWriter(
      Migration migration, String source, Consumer<ReshardingException> onSchemaChange) {
    this.source = migration.endpoint(source);
    this.operationId = migration.operationId();
    this.watch = new SchemaWatch(migration.plan(), source);
    this.onSchemaChange = onSchemaChange;
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
      if (beats++ % BEATS_PER_LOOK == 0) {
        watch.check(connection);
      }
    } catch (SQLException | RuntimeException e) {
      if (e instanceof ReshardingException own && own.errorCode() == ErrorCode.SCHEMA_CHANGED) {
        onSchemaChange.accept(own);
        return;
      }
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
