package io.reshard.verifier;

import java.util.List;

/**
 * A row as it was seen once.
 *
 * @param writer the transaction that wrote this version; null where it was not asked for
 */
record RowVersion(List<String> key, long hash, String writer) {
  /**
   * Two rows under one key, such as a target without its primary key may hold: equal to neither.
   */
  RowVersion and(RowVersion other) {
    return new RowVersion(key, hash + other.hash + 1, writer + "," + other.writer);
  }
}
