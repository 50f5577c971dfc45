package io.reshard.verifier;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobProgress;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.SqlStates;
import io.reshard.core.shard.Heartbeat;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until every change that any source had committed is on its target: beats the heartbeats of
 * all sources, as the frontier is the smallest of theirs, and waits for the frontier to pass. For
 * one thread.
 */
final class ReplicationBarrier implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicationBarrier.class);
  private static final int ATTEMPTS = 3;

  /** So often a long wait asks whether it is to end. */
  private static final long ASK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Verification verification;
  private final StopSignal stop;
  private final JobProgress progress;
  private final Map<String, Connection> connections = new HashMap<>();
  private boolean replicated;
  private boolean stalled;
  private boolean late;

  ReplicationBarrier(Verification verification, StopSignal stop) {
    this.verification = verification;
    this.stop = stop;
    this.progress =
        new JobProgress(
            new ControlDatabase(verification.secrets().control().endpoint()),
            verification.plan().planId());
    this.replicated = verification.waitForJob();
  }

  /**
   * True if the targets have caught up with this moment, or if nothing is being replicated, so that
   * they are what they are. False if the job took too long; then it is not waited for again.
   */
  boolean pass() {
    if (stalled) {
      return false;
    }
    boolean passed = pass(verification.frontierTimeout());
    if (!passed) {
      stalled = true;
      LOG.warn(
          "The migration job did not let a heartbeat through within {};"
              + " if it does not run any more, 'reshard resume' starts it again, and the"
              + " verification job's --no-wait does without it",
          verification.frontierTimeout());
    }
    return passed;
  }

  /** The same, but waits for {@code limit} at most, and may wait again the next time. */
  boolean pass(Duration limit) {
    if (!replicated) {
      return true;
    }
    long value = beatAll();
    if (!replicated) {
      return true;
    }
    late = !await(value, limit);
    return !late;
  }

  private boolean await(long value, Duration limit) {
    long deadline = System.nanoTime() + limit.toNanos();
    try {
      do {
        stop.check();
        long left = Math.max(0, deadline - System.nanoTime());
        if (progress.awaitFrontier(value, Duration.ofNanos(Math.min(left, ASK_NANOS)))) {
          return true;
        }
      } while (deadline - System.nanoTime() > 0);
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReshardingException(
          ErrorCode.VERIFICATION_FAILED, "interrupted while waiting for the migration job", e);
    }
  }

  /** Whether the job took too long once. */
  boolean stalled() {
    return stalled;
  }

  /** Whether it took longer than it was given the last time. */
  boolean late() {
    return late;
  }

  /** The value that each source has beaten at least. */
  private long beatAll() {
    List<String> sources = verification.plan().sources();
    Map<String, Long> beaten = new HashMap<>();
    long highest = 0;
    for (String source : sources) {
      Long value = beat(source, highest);
      if (value != null) {
        beaten.put(source, value);
        highest = Math.max(highest, value);
      }
    }
    if (beaten.isEmpty()) {
      LOG.warn(
          "No source has a heartbeat of {}: the sides are compared as they are",
          verification.plan().planId());
      replicated = false;
      return 0;
    }
    if (beaten.size() < sources.size()) {
      throw new ReshardingException(
          ErrorCode.VERIFICATION_FAILED,
          "only "
              + beaten.keySet()
              + " of the sources "
              + sources
              + " have a heartbeat of "
              + verification.plan().planId()
              + ": let the migration job start, or give the verification job --no-wait");
    }
    // The sources' clocks differ, and the frontier waits for the slowest of them.
    for (String source : sources) {
      if (beaten.get(source) < highest) {
        beat(source, highest);
      }
    }
    return highest;
  }

  /** The value of one beat; null if the source has no heartbeat of this operation. */
  private Long beat(String source, long floor) {
    SQLException first = null;
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        return Heartbeat.beatAtLeast(connection(source), verification.plan().planId(), floor)
            .value();
      } catch (SQLException e) {
        if (Heartbeat.isMissing(e)) {
          return null;
        }
        close(connections.remove(source));
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
        if (!SqlStates.retryable(e)) {
          break;
        }
      }
    }
    throw new ReshardingException(
        ErrorCode.SOURCE_UNAVAILABLE,
        "the heartbeat of source " + source + " cannot be updated: " + first.getMessage(),
        first);
  }

  private Connection connection(String source) throws SQLException {
    Connection connection = connections.get(source);
    if (connection == null) {
      connection = ShardSessions.endpoint(verification, source).connect(verification.application());
      connections.put(source, connection);
    }
    return connection;
  }

  @Override
  public void close() {
    connections.values().forEach(ReplicationBarrier::close);
    connections.clear();
  }

  private static void close(Connection connection) {
    if (connection == null) {
      return;
    }
    try {
      connection.close();
    } catch (SQLException e) {
      LOG.debug("Closing a session failed", e);
    }
  }
}
