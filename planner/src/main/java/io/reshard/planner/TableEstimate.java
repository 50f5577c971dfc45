package io.reshard.planner;

/**
 * How large a table is on one shard, from statistics.
 *
 * @param rows live rows
 * @param bytes of these rows with their TOAST parts, without indexes
 * @param blocks of the table's main fork
 * @param analyzedRows rows at the time of the statistics; negative if there are none
 */
record TableEstimate(long rows, long bytes, long blocks, double analyzedRows) {
  static final TableEstimate EMPTY = new TableEstimate(0, 0, 0, 0);

  /** Where the number of rows comes from, in words. */
  String basis() {
    return analyzedRows > 0 ? "statistics" : blocks == 0 ? "it is empty" : "a sample";
  }

  /** Whether a histogram still describes nearly all of the table. */
  boolean statisticsAreCurrent() {
    return analyzedRows > 0 && rows <= analyzedRows * 1.5 && rows >= analyzedRows * 0.5;
  }

  /** The sizes of two tables together; the result says nothing of statistics. */
  TableEstimate plus(TableEstimate other) {
    return new TableEstimate(rows + other.rows, bytes + other.bytes, blocks + other.blocks, -1);
  }

  /** A share of the table; the result says nothing of statistics. */
  TableEstimate times(double share) {
    return new TableEstimate(Math.round(rows * share), Math.round(bytes * share), blocks, -1);
  }
}
