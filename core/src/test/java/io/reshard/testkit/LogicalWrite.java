package io.reshard.testkit;

import java.sql.SQLException;

/**
 * One transaction to be done, all choices made: it can be tried any number of times, on whatever
 * shard owns the customer then.
 *
 * @param otherCustomerId a second customer that must be on the same shard, else the write is
 *     dropped; 0 for none
 * @param rollsBack whether the transaction ends in a deliberate rollback
 * @param afterCommit tells the planner that the write was done
 */
record LogicalWrite(
    WriteKind kind,
    long customerId,
    long otherCustomerId,
    boolean rollsBack,
    Body body,
    Runnable afterCommit) {
  /** The statements. */
  @FunctionalInterface
  interface Body {
    void run(WriterTransaction transaction) throws SQLException;
  }

  static LogicalWrite of(WriteKind kind, long customerId, Body body) {
    return new LogicalWrite(kind, customerId, 0, false, body, () -> {});
  }

  LogicalWrite then(Runnable action) {
    return new LogicalWrite(kind, customerId, otherCustomerId, rollsBack, body, action);
  }

  LogicalWrite rollingBack() {
    return new LogicalWrite(kind, customerId, otherCustomerId, true, body, afterCommit);
  }

  LogicalWrite togetherWith(long otherCustomer) {
    return new LogicalWrite(kind, customerId, otherCustomer, rollsBack, body, afterCommit);
  }
}
