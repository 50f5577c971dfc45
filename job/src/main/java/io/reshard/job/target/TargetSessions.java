package io.reshard.job.target;

import io.reshard.core.control.Epoch;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.job.Migration;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.runtime.execution.Environment;

/** The open sessions of one subtask, kept per target for the next use. Not thread-safe. */
public final class TargetSessions implements AutoCloseable {
  private final Migration migration;
  private final Epoch epoch;
  private final Map<Integer, Deque<TargetSession>> idle = new HashMap<>();
  private final List<TargetSession> all = new ArrayList<>();

  /** Sessions under an epoch that has claimed the targets already. */
  public TargetSessions(Migration migration, Epoch epoch) {
    this.migration = migration;
    this.epoch = epoch;
  }

  /**
   * The sessions of a subtask that is being opened, with every target of the migration claimed for
   * the attempt that the subtask belongs to. Subtasks of one attempt open in any order, so each of
   * them claims before it writes anything: to one that did not, the epoch of the attempt before
   * would look like a later one.
   */
  public static TargetSessions claim(Migration migration, Environment task) throws SQLException {
    TargetSessions sessions =
        new TargetSessions(migration, migration.epoch(Attempt.execution(task.getExecutionId())));
    try {
      sessions.claimAll();
      return sessions;
    } catch (ReshardingException e) {
      sessions.close();
      throw Failures.of(e);
    }
  }

  public Epoch epoch() {
    return epoch;
  }

  private void claimAll() {
    for (String target : migration.plan().targets()) {
      try {
        int ordinal = migration.plan().shardOrdinal(target);
        TargetSession session = take(ordinal);
        session.claim();
        release(ordinal, session);
      } catch (SQLException e) {
        throw new ReshardingException(
            Failures.code(e, ErrorCode.TARGET_UNAVAILABLE),
            "target " + target + " cannot be claimed: " + e.getMessage(),
            e);
      }
    }
  }

  /** A session on the target with this ordinal, for the caller alone until it is released. */
  public TargetSession take(int target) throws SQLException {
    Deque<TargetSession> free = idle.computeIfAbsent(target, key -> new ArrayDeque<>());
    TargetSession session = free.poll();
    if (session == null) {
      String shardId = migration.plan().shardIds().get(target);
      session = TargetSession.open(migration, shardId, epoch);
      all.add(session);
    }
    return session;
  }

  public void release(int target, TargetSession session) {
    idle.get(target).push(session);
  }

  @Override
  public void close() throws SQLException {
    SQLException failure = null;
    for (TargetSession session : all) {
      try {
        session.close();
      } catch (SQLException e) {
        failure = e;
      }
    }
    all.clear();
    if (failure != null) {
      throw failure;
    }
  }
}
