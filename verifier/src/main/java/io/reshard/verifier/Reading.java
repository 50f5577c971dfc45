package io.reshard.verifier;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.Split;
import java.util.List;

/**
 * What one statement reads on one shard.
 *
 * @param stretches of one table. On a target there may be several, each of another source; then
 *     each of them is the whole table, and it is scanned once for all
 */
record Reading(String shard, List<Stretch> stretches) {
  static Reading parse(String json) {
    return Documents.parse(json, Reading.class, ErrorCode.INTERNAL, "what is to be read");
  }

  String json() {
    return Documents.toJson(this);
  }

  /** The keys that are read. */
  Split range() {
    return stretches.get(0).range();
  }

  /** What the plan's statistics say that the moved rows have. */
  long estimatedBytes(PlannedTable table) {
    long rows = stretches.stream().mapToLong(stretch -> stretch.range().estimatedRows()).sum();
    return table.bytesOf(rows);
  }
}
