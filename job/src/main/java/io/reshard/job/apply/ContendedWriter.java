package io.reshard.job.apply;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.SqlStates;
import io.reshard.job.Migration;
import io.reshard.job.copy.ReadSession;
import io.reshard.job.target.TargetSession;
import io.reshard.job.target.TargetSessions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Writes blocks, each in a transaction of its own, where a plain merge met other rows or other
 * writers, and fetches again what it evicted. Not thread-safe.
 *
 * <p>Two kinds of writers write a key. Its lane's writer may write whatever was read in the lane or
 * later: if that is older than what the target holds, the key has changed in between, and the
 * change is still to come through the lane. Anybody else may write the key under the lock of its
 * note alone, with a row that was read under that lock: a later read of the lane waits for the
 * lock, so it is not written over.
 */
final class ContendedWriter implements AutoCloseable {
  private static final Set<String> CONTENTION =
      Set.of(SqlStates.UNIQUE_VIOLATION, SqlStates.DEADLOCK_DETECTED, SqlStates.LOCK_NOT_AVAILABLE);

  /**
   * Two writers that pass unique values to each other often wait for each other. This is less than
   * PostgreSQL takes to find a deadlock, and more than a merge takes.
   */
  static final Duration LOCK_TIMEOUT = Duration.ofMillis(200);

  /** With pauses that double up to the longest this is about five seconds. */
  private static final int COLLISIONS = 20;

  /** About a minute; what waits for longer may as well start again. */
  private static final int CONTENTIONS = 100;

  /** Of one transaction. Its locks are held for less than others wait for them. */
  private static final int SETTLED_KEYS = 500;

  private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Migration migration;
  private final TargetSessions sessions;
  private final RefetchNotes notes;
  private final RowSource sources;
  private final EvictingMerge merge;
  private final Deque<EvictedKey> evicted = new ArrayDeque<>();
  private long retries;

  ContendedWriter(
      Migration migration, TargetSessions sessions, RowSource sources, WriteCheck check) {
    this.migration = migration;
    this.sessions = sessions;
    this.sources = sources;
    this.notes = new RefetchNotes(migration);
    this.merge = new EvictingMerge(migration, new Merge(migration, notes, check), notes, sources);
  }

  /** Whether the same work can succeed here although it met {@code error}. */
  static boolean canMend(SQLException error) {
    return CONTENTION.contains(String.valueOf(error.getSQLState()));
  }

  /** How often work was begun again because it met other writers. */
  long retries() {
    return retries;
  }

  /** Writes the block, read anew if its first attempt fails. */
  void write(ChangeBlock block) throws SQLException {
    retry(
        block.target,
        (session, attempt) -> merge.apply(session, attempt == 1 ? block : readAgain(block)));
  }

  private ChangeBlock readAgain(ChangeBlock block) {
    List<List<String>> keys =
        IntStream.range(0, block.keys[0].length)
            .mapToObj(row -> Arrays.stream(block.keys).map(column -> column[row]).toList())
            .toList();
    return sources.read(block.table, block.source, block.target, keys);
  }

  /**
   * Fetches every key again that was evicted here. A watermark may only be reported afterwards.
   * Each fetch is of a later moment than the row that it evicts, so the chain ends.
   */
  void settle() throws SQLException {
    while (!evicted.isEmpty()) {
      EvictedKey key = evicted.peek();
      retry(key.target(), (session, attempt) -> settle(session, key));
      evicted.remove();
    }
  }

  private List<EvictedKey> settle(TargetSession session, EvictedKey key) throws SQLException {
    if (!notes.lock(session, key)) {
      return List.of();
    }
    return merge.apply(
        session, sources.read(key.table(), key.source(), key.target(), List.of(key.key())));
  }

  /**
   * Settles the notes on the target, whoever has made them, of the tables that {@code which}
   * accepts: some hundred in one transaction, until {@code nanos} are over, but once at least.
   * False if some may be left.
   */
  boolean settleAll(int target, IntPredicate which, long nanos) throws SQLException {
    long begun = System.nanoTime();
    for (RefetchNotes.Group group : onTarget(target, notes::groups)) {
      while (which.test(group.table()) && settleSome(target, group)) {
        if (System.nanoTime() - begun >= nanos) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * Settles the first notes of {@code group}: all of them are locked, and only then all their rows
   * are read. Where that meets other rows or other writers, they are settled one by one. False if
   * there was none.
   */
  private boolean settleSome(int target, RefetchNotes.Group group) throws SQLException {
    List<EvictedKey> some = onTarget(target, session -> notes.some(session, group, SETTLED_KEYS));
    try {
      evicted.addAll(settle(target, group, some));
    } catch (SQLException e) {
      if (!canMend(e)) {
        throw e;
      }
      retries++;
      evicted.addAll(some);
    } catch (ReshardingException e) {
      if (e.errorCode() != ErrorCode.KEY_COLLISION) {
        throw e;
      }
      retries++;
      evicted.addAll(some);
    }
    settle();
    return !some.isEmpty();
  }

  private List<EvictedKey> settle(int target, RefetchNotes.Group group, List<EvictedKey> some)
      throws SQLException {
    TargetSession session = sessions.take(target);
    try {
      session.waitForLocksAtMost(LOCK_TIMEOUT);
      session.setOnce(KeyJoin.SESSION);
      session.begin();
      List<List<String>> keys = notes.lock(session, group, some);
      List<EvictedKey> made =
          keys.isEmpty()
              ? List.of()
              : merge.apply(session, sources.read(group.table(), group.source(), target, keys));
      session.commit();
      return made;
    } catch (SQLException | ReshardingException e) {
      session.rollback();
      throw e;
    } finally {
      sessions.release(target, session);
    }
  }

  /** What is to be read on a target. */
  @FunctionalInterface
  private interface Question<T> {
    T ask(TargetSession session) throws SQLException;
  }

  private <T> T onTarget(int target, Question<T> question) throws SQLException {
    TargetSession session = sessions.take(target);
    try {
      return question.ask(session);
    } finally {
      sessions.release(target, session);
    }
  }

  /**
   * Makes room for a unique index, by its definition on a source, on a target that took rows
   * without it: rows of several splits were read at different moments.
   */
  void makeRoom(int target, int table, String index) throws SQLException {
    UniqueIndex definition = definition(table, index);
    retry(target, (session, attempt) -> merge.makeRoom(session, table, definition));
  }

  private UniqueIndex definition(int table, String index) throws SQLException {
    String source = migration.plan().sources().get(0);
    try (Connection connection =
        ReadSession.open(
            migration.endpoint(source), "reshard " + migration.operationId() + " index")) {
      return UniqueIndex.of(connection, migration.table(table)).stream()
          .filter(one -> one.name().equals(index))
          .findFirst()
          .orElseThrow(
              () ->
                  new SQLException(
                      "the unique index " + index + " is no longer on source " + source));
    }
  }

  /** Work inside a transaction on a target; returns what it has evicted. */
  @FunctionalInterface
  private interface Work {
    List<EvictedKey> run(TargetSession session, int attempt) throws SQLException;
  }

  private void retry(int target, Work work) throws SQLException {
    long pause = FIRST_PAUSE_NANOS;
    int collisions = 0;
    for (int attempt = 1; ; attempt++) {
      TargetSession session = sessions.take(target);
      try {
        session.waitForLocksAtMost(LOCK_TIMEOUT);
        session.begin();
        List<EvictedKey> made = work.run(session, attempt);
        session.commit();
        evicted.addAll(made);
        return;
      } catch (SQLException e) {
        session.rollback();
        if (!canMend(e) || attempt == CONTENTIONS) {
          throw e;
        }
      } catch (ReshardingException e) {
        session.rollback();
        if (e.errorCode() != ErrorCode.KEY_COLLISION || ++collisions == COLLISIONS) {
          throw e;
        }
      } finally {
        sessions.release(target, session);
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new ReshardingException(ErrorCode.REPLICATION_FAILED, "the task was ended");
      }
      retries++;
      LockSupport.parkNanos(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
    }
  }

  @Override
  public void close() throws SQLException {
    sources.close();
  }
}
