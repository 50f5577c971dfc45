package io.reshard.job.apply;

import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Distinct changed keys of one table on one source, each with its newest transaction. */
final class KeyBatch {
  private static final long NO_TRANSACTION = -1;

  private final int source;
  private final int table;
  private final Map<List<String>, Long> keys = new LinkedHashMap<>();

  KeyBatch(int source, int table) {
    this.source = source;
    this.table = table;
  }

  int source() {
    return source;
  }

  int table() {
    return table;
  }

  int size() {
    return keys.size();
  }

  void add(String[] key, long transactionId) {
    keys.put(Arrays.asList(key), transactionId);
  }

  /** Adds a key of which the newest that can be read is wanted, whoever wrote it. */
  void add(List<String> key) {
    keys.put(key, NO_TRANSACTION);
  }

  /** The transactions that a reader must be able to see, as 32-bit ids. */
  long[] transactions() {
    return keys.values().stream()
        .mapToLong(Long::longValue)
        .filter(id -> id != NO_TRANSACTION)
        .distinct()
        .toArray();
  }

  /** The places of all keys, from 0. */
  BitSet places() {
    BitSet all = new BitSet();
    all.set(0, keys.size());
    return all;
  }

  /** The keys, column by column. */
  String[][] columns() {
    return columns(places());
  }

  /** The keys at these places, column by column. */
  String[][] columns(BitSet places) {
    int width = keys.keySet().iterator().next().size();
    String[][] columns = new String[width][places.cardinality()];
    int place = 0;
    int row = 0;
    for (List<String> key : keys.keySet()) {
      if (places.get(place++)) {
        for (int column = 0; column < width; column++) {
          columns[column][row] = key.get(column);
        }
        row++;
      }
    }
    return columns;
  }
}
