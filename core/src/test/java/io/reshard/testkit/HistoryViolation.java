package io.reshard.testkit;

/**
 * A row that contradicts what the writers know.
 *
 * @param description expected and found, for a failure message
 */
public record HistoryViolation(Kind kind, String row, String shard, String description) {
  /** How it contradicts. */
  public enum Kind {
    /** An acknowledged write is not there: the row is missing or has an older version. */
    LOST,
    /**
     * The row has a newer version than the writers gave it: a write was applied twice, or by
     * somebody else.
     */
    DOUBLED,
    /** A row that no writer wrote, or that came back after its deletion. */
    MADE_UP,
    /** The right version with the wrong content. */
    DIFFERENT,
    /** One key on more than one shard. */
    DUPLICATE,
    /** The rows of one transaction whose outcome was in doubt are there in part. */
    TORN
  }

  @Override
  public String toString() {
    return kind + " " + row + " on " + shard + ": " + description;
  }
}
