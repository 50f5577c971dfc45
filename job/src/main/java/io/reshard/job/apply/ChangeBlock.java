package io.reshard.job.apply;

import java.util.BitSet;

/**
 * What one target is to hold for some changed keys of one table and source: the rows in {@code
 * tuples}, and for every other key nothing. A key occurs once. A Flink POJO.
 */
public final class ChangeBlock {
  /** The fetcher's subtask: blocks of one lane and target stay in order. */
  public int lane;

  public int table;
  public int source;
  public int target;

  /** One array per primary-key column, each with one text value per key. */
  public String[][] keys;

  public int rows;

  /** The sum of the rows' hashes on the source, modulo 2^64. */
  public long checksum;

  public byte[] tuples;

  public ChangeBlock() {}

  /** What {@code target} is told of the keys at {@code places}. */
  ChangeBlock(int lane, KeyBatch batch, BitSet places, int target, OwnedRows owned) {
    this.lane = lane;
    this.table = batch.table();
    this.source = batch.source();
    this.target = target;
    this.keys = batch.columns(places);
    this.rows = owned.rows();
    this.checksum = owned.checksum();
    this.tuples = owned.tuples();
  }
}
