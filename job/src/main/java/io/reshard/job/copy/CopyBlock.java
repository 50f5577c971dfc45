package io.reshard.job.copy;

/**
 * Rows of one split for one target, as they came out of COPY, without header and trailer. The
 * blocks of one read are numbered per target from 0; the last one says so and may be empty. A Flink
 * POJO.
 */
public final class CopyBlock {
  /** The split's id in the plan. */
  public int split;

  /** The table's ordinal. */
  public int table;

  /** The target's ordinal among the shards. */
  public int target;

  /** Identifies this read of the split: blocks of different reads never mix. */
  public long read;

  public int sequence;
  public boolean last;
  public int rows;
  public byte[] tuples;

  public CopyBlock() {}

  CopyBlock(CopySplit split, int target, long read, int sequence, boolean last) {
    this.split = split.split().id();
    this.table = split.split().table();
    this.target = target;
    this.read = read;
    this.sequence = sequence;
    this.last = last;
  }

  CopyBlock with(int rowCount, byte[] bytes) {
    this.rows = rowCount;
    this.tuples = bytes;
    return this;
  }
}
