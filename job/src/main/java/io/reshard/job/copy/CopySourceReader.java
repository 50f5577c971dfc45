package io.reshard.job.copy;

import io.reshard.job.Migration;
import java.util.Map;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.connector.base.source.reader.SourceReaderOptions;

/**
 * Reads one split at a time. The state of a split is the split itself: a read that was interrupted
 * starts again, and the writers discard what they had committed.
 */
@SuppressWarnings("try") // Flink declares close() with every exception.
final class CopySourceReader
    extends SingleThreadMultiplexSourceReaderBase<CopyBlock, CopyBlock, CopySplit, CopySplit> {
  private static final long CLOSE_TIMEOUT_MILLIS = 2000;

  /**
   * One split is read while the next one waits. Without it Flink would find the fetcher idle after
   * every split and end it, and its sessions with it.
   */
  private static final int AHEAD = 2;

  CopySourceReader(Migration migration, SourceReaderContext context) {
    super(
        () -> new CopySplitReader(migration, context.getIndexOfSubtask()),
        new CountingEmitter(context.metricGroup()),
        closingFast(context.getConfiguration()),
        context);
  }

  /** A failover must not wait out the default of 30 s for a reader that is held by backpressure. */
  private static Configuration closingFast(Configuration configuration) {
    Configuration own = new Configuration(configuration);
    own.set(SourceReaderOptions.SOURCE_READER_CLOSE_TIMEOUT, CLOSE_TIMEOUT_MILLIS);
    return own;
  }

  @Override
  public void start() {
    for (int assigned = getNumberOfCurrentlyAssignedSplits(); assigned < AHEAD; assigned++) {
      context.sendSplitRequest();
    }
  }

  @Override
  protected void onSplitFinished(Map<String, CopySplit> finished) {
    context.sendSplitRequest();
  }

  @Override
  protected CopySplit initializedState(CopySplit split) {
    return split;
  }

  @Override
  protected CopySplit toSplitType(String splitId, CopySplit split) {
    return split;
  }
}
