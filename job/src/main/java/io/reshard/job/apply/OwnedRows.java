package io.reshard.job.apply;

import io.reshard.job.copy.TupleReader;
import java.io.ByteArrayOutputStream;
import java.util.BitSet;

/** The rows of one owner as they are read, and what they add up to. Not thread-safe. */
final class OwnedRows {
  static final OwnedRows NONE = new OwnedRows();

  private final ByteArrayOutputStream tuples = new ByteArrayOutputStream();
  private final BitSet places = new BitSet();
  private int rows;
  private long checksum;

  void add(int place, long hash, TupleReader tuple) {
    places.set(place);
    tuple.writeTo(tuples);
    rows++;
    checksum += hash;
  }

  /** Where in their batch the rows' keys stand, from 0. */
  BitSet places() {
    return places;
  }

  int rows() {
    return rows;
  }

  /** The sum of the rows' hashes, modulo 2^64. */
  long checksum() {
    return checksum;
  }

  int bytes() {
    return tuples.size();
  }

  byte[] tuples() {
    return tuples.toByteArray();
  }
}
