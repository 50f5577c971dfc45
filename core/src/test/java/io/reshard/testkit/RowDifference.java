package io.reshard.testkit;

import java.util.List;

/** One row that is not as it should be, named by the values of its key columns. */
public record RowDifference(Kind kind, String table, List<String> key, String shard) {
  /** What is wrong with the row. */
  public enum Kind {
    /** In the reference only. */
    MISSING,
    /** In the compared shards only. */
    EXTRA,
    /** In both, with different content. */
    DIFFERENT,
    /** Owned rows with one key on more than one shard of one side. */
    DUPLICATE,
    /** On a shard that does not own it. */
    STRAY
  }

  @Override
  public String toString() {
    return kind + " " + table + key + " on " + shard;
  }
}
