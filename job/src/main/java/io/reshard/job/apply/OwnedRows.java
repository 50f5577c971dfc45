package io.reshard.job.apply;

import io.reshard.job.copy.TupleReader;
import java.io.ByteArrayOutputStream;

/** The rows of one owner as they are read, and what they add up to. Not thread-safe. */
final class OwnedRows {
  static final OwnedRows NONE = new OwnedRows();

  private final ByteArrayOutputStream tuples = new ByteArrayOutputStream();
  private int rows;
  private long checksum;

  void add(long hash, TupleReader tuple) {
    tuple.writeTo(tuples);
    rows++;
    checksum += hash;
  }

  int rows() {
    return rows;
  }

  /** The sum of the rows' hashes, modulo 2^64. */
  long checksum() {
    return checksum;
  }

  byte[] tuples() {
    return tuples.toByteArray();
  }
}
