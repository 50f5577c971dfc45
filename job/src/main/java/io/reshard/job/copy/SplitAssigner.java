package io.reshard.job.copy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;

/**
 * Hands out splits, one at a time, to readers that ask. It never declares the end: a finished copy
 * would let the tasks finish, and a build of indexes would then delay every checkpoint barrier.
 */
final class SplitAssigner implements SplitEnumerator<CopySplit, List<CopySplit>> {
  private final SplitEnumeratorContext<CopySplit> context;
  private final Deque<CopySplit> remaining;

  SplitAssigner(SplitEnumeratorContext<CopySplit> context, List<CopySplit> remaining) {
    this.context = context;
    this.remaining = new ArrayDeque<>(remaining);
  }

  @Override
  public void start() {}

  @Override
  public void handleSplitRequest(int reader, String host) {
    CopySplit next = context.registeredReaders().containsKey(reader) ? remaining.poll() : null;
    if (next != null) {
      context.assignSplit(next, reader);
    }
  }

  @Override
  public void addSplitsBack(List<CopySplit> splits, int reader) {
    for (int index = splits.size() - 1; index >= 0; index--) {
      remaining.addFirst(splits.get(index));
    }
  }

  @Override
  public void addReader(int reader) {}

  @Override
  public List<CopySplit> snapshotState(long checkpointId) {
    return new ArrayList<>(remaining);
  }

  @Override
  public void close() {}
}
