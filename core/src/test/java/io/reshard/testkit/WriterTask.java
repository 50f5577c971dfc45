package io.reshard.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** One writer thread: plans a transaction, tries it until it is done, and remembers the outcome. */
final class WriterTask implements Runnable {
  private static final String INTEGRITY_VIOLATION = "23";
  private static final long MIN_BACKOFF_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final int MAX_BACKOFF_DOUBLINGS = 4;
  private static final long CONTRADICTION_GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long STOPPING_GRACE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final String name;
  private final WriterHistory history;
  private final WriterOptions options;
  private final ShardDirectory directory;
  private final PauseGate gate;
  private final WritePlanner planner;
  private final WriterConnections connections;
  private final DoubtResolver resolver;
  private final WriterStatistics statistics = new WriterStatistics();
  private final long writerLock;
  private volatile Throwable failure;

  WriterTask(
      int writer,
      WriterHistory history,
      WriterOptions options,
      ShardDirectory directory,
      PauseGate gate) {
    this.name = "live-writer-" + writer;
    this.history = history;
    this.options = options;
    this.directory = directory;
    this.gate = gate;
    this.writerLock = history.nextIdBlock();
    this.planner = new WritePlanner(history, options, directory, writer);
    this.connections = new WriterConnections(directory);
    this.resolver = new DoubtResolver(history, directory, connections, writerLock);
  }

  @Override
  public void run() {
    RateLimiter limiter = new RateLimiter(options.writesPerSecond() / options.writers());
    try {
      while (gate.pass()) {
        limiter.await();
        perform(planner.next());
      }
    } catch (ContradictionException e) {
      history.violated(e.violation());
      failure = e;
    } catch (SQLException | RuntimeException | Error e) {
      failure = e;
    } finally {
      statistics.dropped();
      connections.closeAll();
      gate.leave();
    }
  }

  String name() {
    return name;
  }

  /** What ended this writer before its time, or null. */
  Throwable failure() {
    return failure;
  }

  WriterStatistics statistics() {
    return statistics;
  }

  void abort() {
    connections.abort();
  }

  private void perform(LogicalWrite write) throws SQLException {
    statistics.begin();
    long start = System.nanoTime();
    for (int attempt = 0; ; attempt++) {
      try {
        attempt(write);
        return;
      } catch (SQLException e) {
        recover(e);
        statistics.retried(e.getSQLState());
        if (gate.stopping()) {
          statistics.dropped();
          return;
        }
        throwIfHopeless(write, e, System.nanoTime() - start);
        LockSupport.parkNanos(MIN_BACKOFF_NANOS << Math.min(attempt, MAX_BACKOFF_DOUBLINGS));
      }
    }
  }

  private void attempt(LogicalWrite write) throws SQLException {
    String shard = directory.shardFor(write.customerId());
    if (write.otherCustomerId() != 0
        && !directory.shardFor(write.otherCustomerId()).equals(shard)) {
      statistics.dropped();
      return;
    }
    Connection connection = connections.to(shard);
    WriterTransaction transaction = new WriterTransaction(connection, history);
    transaction.lock(writerLock);
    write.body().run(transaction);
    if (write.rollsBack()) {
      connection.rollback();
      statistics.rolledBack();
      return;
    }
    commit(connection, write, transaction.changes());
    history.acknowledge(transaction.changes());
    write.afterCommit().run();
    statistics.succeeded(write.kind(), transaction.changes().size());
  }

  /**
   * Returns only if the commit is known to have happened, throws only if it is known not to have,
   * or in despair.
   */
  private void commit(Connection connection, LogicalWrite write, Map<RowKey, RowState> changes)
      throws SQLException {
    try {
      connection.commit();
    } catch (SQLException e) {
      connections.closeAll();
      if (resolve(write, changes, e) == DoubtResolver.Outcome.ROLLED_BACK) {
        throw e;
      }
    }
  }

  private DoubtResolver.Outcome resolve(
      LogicalWrite write, Map<RowKey, RowState> changes, SQLException cause) {
    long start = System.nanoTime();
    SQLException last = cause;
    while (System.nanoTime() - start < patienceNanos()) {
      try {
        directory.refresh();
        DoubtResolver.Outcome outcome = resolver.resolve(write, changes);
        statistics.inDoubtResolved();
        if (outcome == DoubtResolver.Outcome.TORN) {
          history.violated(
              new HistoryViolation(
                  HistoryViolation.Kind.TORN,
                  changes.keySet().toString(),
                  directory.shardFor(write.customerId()),
                  "only a part of the transaction is there"));
          throw new TestKitException(
              name + ": a transaction was committed in part: " + changes.keySet());
        }
        return outcome;
      } catch (SQLException e) {
        last = e;
        connections.recover(e);
        LockSupport.parkNanos(MIN_BACKOFF_NANOS << MAX_BACKOFF_DOUBLINGS);
      }
    }
    history.leaveInDoubt(changes);
    throw new TestKitException(
        name + ": cannot find out whether a transaction was committed", last);
  }

  private long patienceNanos() {
    return gate.stopping() ? STOPPING_GRACE_NANOS : options.retryTimeout().toNanos();
  }

  private void recover(SQLException failed) {
    connections.recover(failed);
    try {
      directory.refresh();
    } catch (SQLException e) {
      failed.addSuppressed(e);
    }
  }

  /**
   * A stale topology explains a contradiction for a while; nothing explains a broken constraint.
   */
  private void throwIfHopeless(LogicalWrite write, SQLException e, long nanos) throws SQLException {
    if (e instanceof ContradictionException && nanos > CONTRADICTION_GRACE_NANOS) {
      throw e;
    }
    String state = e.getSQLState();
    if (state != null && state.startsWith(INTEGRITY_VIOLATION)) {
      throw new TestKitException(
          name + ": " + write.kind() + " broke a constraint: " + e.getMessage(), e);
    }
    if (nanos > options.retryTimeout().toNanos()) {
      throw new TestKitException(
          name
              + ": "
              + write.kind()
              + " for customer "
              + write.customerId()
              + " did not succeed in "
              + options.retryTimeout()
              + ": "
              + e.getMessage(),
          e);
    }
  }
}
