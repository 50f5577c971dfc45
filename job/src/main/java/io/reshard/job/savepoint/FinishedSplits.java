package io.reshard.job.savepoint;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.Split;
import io.reshard.core.savepoint.SavepointContent.TableContent;
import io.reshard.job.copy.CopyTracker;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Counts the splits that are committed on every target.
 *
 * @param committed the bits of {@link CopyTracker#COMMITTED}
 */
record FinishedSplits(Plan plan, BitSet committed) {
  List<TableContent> tables(long[] parkedKeys) {
    List<TableContent> tables = new ArrayList<>();
    for (int ordinal = 0; ordinal < plan.tables().size(); ordinal++) {
      int table = ordinal;
      List<Split> splits = plan.splits().stream().filter(split -> split.table() == table).toList();
      tables.add(
          new TableContent(
              plan.tables().get(table).displayName(),
              splits.size(),
              (int) splits.stream().filter(this::finished).count(),
              parkedKeys[table]));
    }
    return tables;
  }

  private boolean finished(Split split) {
    int first = split.id() * plan.shardIds().size();
    return plan.targetsOf(split.source()).stream()
        .allMatch(target -> committed.get(first + plan.shardOrdinal(target)));
  }
}
