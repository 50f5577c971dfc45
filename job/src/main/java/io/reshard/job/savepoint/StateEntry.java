package io.reshard.job.savepoint;

/** Something that a savepoint's state says about a table, a split or a source. A Flink POJO. */
public final class StateEntry {
  /** What an entry is about. */
  public enum Kind {
    /** A bit of the committed pairs of split and target. */
    COMMITTED,
    /** The parked keys of one bucket; the subject is the table's ordinal. */
    PARKED,
    /** The position of a source. */
    POSITION,
    /** The newest heartbeat of a source. */
    HEARTBEAT
  }

  public Kind kind;
  public int subject;
  public long value;

  public StateEntry() {}

  StateEntry(Kind kind, int subject, long value) {
    this.kind = kind;
    this.subject = subject;
    this.value = value;
  }
}
