package io.reshard.job.copy;

/** A split's rows for one target are committed there. A Flink POJO. */
public final class SplitCommitted {
  public int split;
  public int table;
  public int target;
  public long rows;

  public SplitCommitted() {}

  SplitCommitted(CopyBlock block, long rows) {
    this.split = block.split;
    this.table = block.table;
    this.target = block.target;
    this.rows = rows;
  }
}
