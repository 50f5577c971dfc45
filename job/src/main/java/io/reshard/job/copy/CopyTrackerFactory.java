package io.reshard.job.copy;

import io.reshard.core.plan.Split;
import io.reshard.job.Migration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.YieldingOperatorFactory;

/** Gives the tracker its mailbox, through which finished builds come back to its thread. */
@SuppressWarnings("deprecation") // Flink 1.20 gives a mailbox to this interface alone.
public final class CopyTrackerFactory extends AbstractStreamOperatorFactory<TableCopied>
    implements OneInputStreamOperatorFactory<SplitCommitted, TableCopied>,
        YieldingOperatorFactory<TableCopied> {
  private static final long serialVersionUID = 1L;

  private final Migration migration;
  private final ArrayList<Split> splits;

  public CopyTrackerFactory(Migration migration, List<Split> splits) {
    this.migration = migration;
    this.splits = new ArrayList<>(splits);
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // The signature is Flink's.
  public <T extends StreamOperator<TableCopied>> T createStreamOperator(
      StreamOperatorParameters<TableCopied> parameters) {
    CopyTracker tracker = new CopyTracker(migration, splits, getMailboxExecutor());
    tracker.setup(
        parameters.getContainingTask(), parameters.getStreamConfig(), parameters.getOutput());
    return (T) tracker;
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return CopyTracker.class;
  }
}
