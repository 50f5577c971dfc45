package io.reshard.job.copy;

/** A table is complete on all its targets and its indexes stand. A Flink POJO. */
public final class TableCopied {
  /** The table's ordinal. */
  public int table;

  public TableCopied() {}

  public TableCopied(int table) {
    this.table = table;
  }
}
