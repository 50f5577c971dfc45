package io.reshard.orchestrator.savepoint;

/** Whether a replication slot can still serve a savepoint. */
public enum SlotVerdict {
  SERVES("yes"),
  /**
   * Nothing was delivered before the savepoint: the job compares heartbeat numbers at its start.
   */
  UNKNOWN("not known before the job starts"),
  AHEAD("NO: the slot is ahead of the savepoint, the changes between are not sent again"),
  MISSING("NO: the slot is gone, or has lost write-ahead log"),
  UNREACHABLE("not known: the source cannot be reached");

  private final String text;

  SlotVerdict(String text) {
    this.text = text;
  }

  /** Whether the job would not start. */
  public boolean refuses() {
    return this == AHEAD || this == MISSING;
  }

  /** In words. */
  public String text() {
    return text;
  }
}
