package io.reshard.verifier;

import io.reshard.core.control.ControlDatabase;
import io.reshard.core.control.JobProgress;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.SqlStates;
import io.reshard.core.shard.Heartbeat;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  private final Verification verification;
  private final JobProgress progress;
  private final Map<String, Connection> connections = new HashMap<>();
  private boolean replicated;
  private boolean stalled;

  ReplicationBarrier(Verification verification) {
    this.verification = verification;
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
    if (!replicated) {
      return true;
    }
    if (stalled) {
      return false;
    }
    long value = beatAll();
    if (!replicated) {
      return true;
    }
    try {
      boolean passed = progress.awaitFrontier(value, verification.frontierTimeout());
      if (!passed) {
        stalled = true;
        LOG.warn(
            "The migration job did not let heartbeat {} through within {};"
                + " if it does not run any more, 'reshard resume' starts it again, and the"
                + " verification job's --no-wait does without it",
            value,
            verification.frontierTimeout());
      }
      return passed;
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
