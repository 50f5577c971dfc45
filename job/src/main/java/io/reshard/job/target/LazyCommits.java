package io.reshard.job.target;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Transactions that commit without waiting for the disk, and are all on it before a checkpoint says
 * that they are done. A server that crashes in between loses them, and they come again from the
 * checkpoint before.
 *
 * <p>That it has crashed must not go unnoticed: the server may be up again before the checkpoint.
 * So each target has a witness, a session that was open before the first lazy commit. It ends with
 * the server, and it is the one that flushes. Not thread-safe.
 */
public final class LazyCommits {
  private final TargetSessions sessions;
  private final Map<Integer, TargetSession> witnesses = new HashMap<>();
  private final Set<Integer> unflushed = new HashSet<>();

  public LazyCommits(TargetSessions sessions) {
    this.sessions = sessions;
  }

  /** A session whose commits are lazy; it is given back with {@link #committed}. */
  public TargetSession take(int target) throws SQLException {
    if (!witnesses.containsKey(target)) {
      witnesses.put(target, sessions.take(target));
    }
    TargetSession session = sessions.take(target);
    session.setOnce("SET synchronous_commit = off");
    return session;
  }

  /** Takes a session back that has committed, or has seen what an earlier attempt committed. */
  public void committed(int target, TargetSession session) {
    unflushed.add(target);
    sessions.release(target, session);
  }

  /** Returns when all that was committed until now outlasts a crash of its server. */
  public void flush() throws SQLException {
    for (int target : unflushed) {
      witnesses.get(target).flush();
    }
    unflushed.clear();
  }
}
