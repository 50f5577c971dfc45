package io.reshard.testkit;

import java.util.List;
import java.util.Map;

/**
 * The result for one table. The counts are complete, {@code samples} holds the first few
 * differences of each kind.
 *
 * @param strays number of rows by compared shard, on shards that do not own them; shards without
 *     any are left out
 */
public record TableComparison(
    String table,
    long referenceRows,
    long comparedRows,
    long missing,
    long extra,
    long different,
    long duplicates,
    Map<String, Long> strays,
    List<RowDifference> samples) {
  public TableComparison {
    strays = Map.copyOf(strays);
    samples = List.copyOf(samples);
  }

  public boolean equal() {
    return missing == 0 && extra == 0 && different == 0 && duplicates == 0 && strays.isEmpty();
  }
}
