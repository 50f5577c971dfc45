package io.reshard.testkit;

import java.sql.SQLException;

/**
 * A server's answer contradicts the history. A stale view of the topology can cause it, so it is
 * tried again for a while; then it is a violation.
 */
final class ContradictionException extends SQLException {
  private static final long serialVersionUID = 1L;

  private final transient HistoryViolation violation;

  ContradictionException(HistoryViolation.Kind kind, String row, String description) {
    super(kind + " " + row + ": " + description, "KIT01");
    violation =
        new HistoryViolation(kind, row, "the shard that the writer was sent to", description);
  }

  HistoryViolation violation() {
    return violation;
  }
}
