package io.reshard.job.copy;

import io.reshard.core.plan.Split;
import io.reshard.job.Migration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** The source of the bulk copy (FLIP-27): reads the plan's splits in parallel. */
public final class SplitSource implements Source<CopyBlock, CopySplit, List<CopySplit>> {
  private static final long serialVersionUID = 1L;

  private final Migration migration;
  private final ArrayList<Split> splits;

  public SplitSource(Migration migration, List<Split> splits) {
    this.migration = migration;
    this.splits = new ArrayList<>(splits);
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SplitEnumerator<CopySplit, List<CopySplit>> createEnumerator(
      SplitEnumeratorContext<CopySplit> context) {
    return new SplitAssigner(context, interleaved());
  }

  /** Table by table, so that tables complete early; within a table the sources take turns. */
  private List<CopySplit> interleaved() {
    Map<String, Integer> turns = new HashMap<>();
    record Turn(Split split, int turn) {}
    return splits.stream()
        .map(
            split ->
                new Turn(split, turns.merge(split.table() + " " + split.source(), 1, Integer::sum)))
        .sorted(Comparator.<Turn>comparingInt(one -> one.split().table()).thenComparing(Turn::turn))
        .map(one -> new CopySplit(one.split()))
        .toList();
  }

  @Override
  public SplitEnumerator<CopySplit, List<CopySplit>> restoreEnumerator(
      SplitEnumeratorContext<CopySplit> context, List<CopySplit> remaining) {
    return new SplitAssigner(context, remaining);
  }

  @Override
  public SimpleVersionedSerializer<CopySplit> getSplitSerializer() {
    return new CopySplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<List<CopySplit>> getEnumeratorCheckpointSerializer() {
    return new RemainingSplitsSerializer();
  }

  @Override
  public SourceReader<CopyBlock, CopySplit> createReader(SourceReaderContext context) {
    return new CopySourceReader(migration, context);
  }
}
