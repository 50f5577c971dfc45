package io.reshard.job.copy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.job.Migration;
import io.reshard.job.target.Failures;
import io.reshard.job.target.LazyCommits;
import io.reshard.job.target.TargetSessions;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Writes blocks into their targets, one transaction per split and target. A split whose last block
 * came before a checkpoint barrier is committed and on disk before that barrier; any other is read
 * again after a restore, because its reader still holds it.
 */
public final class CopyWriter extends AbstractStreamOperator<SplitCommitted>
    implements OneInputStreamOperator<CopyBlock, SplitCommitted> {
  private static final long serialVersionUID = 1L;

  private record SplitTarget(int split, int target) {}

  private final Migration migration;
  private transient TargetSessions sessions;
  private transient LazyCommits commits;
  private transient Map<SplitTarget, SplitTransaction> open;
  private transient Counter rowsCopied;
  private transient Counter bytesCopied;

  public CopyWriter(Migration migration) {
    this.migration = migration;
  }

  @Override
  public void open() throws Exception {
    super.open();
    open = new HashMap<>();
    sessions = TargetSessions.claim(migration, getContainingTask().getEnvironment());
    commits = new LazyCommits(sessions);
    rowsCopied = getMetricGroup().counter("rowsCopied");
    bytesCopied = getMetricGroup().counter("bytesCopied");
  }

  @Override
  public void processElement(StreamRecord<CopyBlock> element) {
    CopyBlock block = element.getValue();
    try {
      write(block);
    } catch (SQLException e) {
      throw failed(block, e);
    } catch (ReshardingException e) {
      throw Failures.of(e);
    }
  }

  private void write(CopyBlock block) throws SQLException {
    SplitTarget key = new SplitTarget(block.split, block.target);
    SplitTransaction transaction = open.get(key);
    if (transaction == null) {
      transaction = new SplitTransaction(migration, commits.take(block.target), block);
      open.put(key, transaction);
    }
    transaction.write(block);
    rowsCopied.inc(block.rows);
    bytesCopied.inc(block.tuples.length);
    if (block.last) {
      long rows = transaction.commit(block.split);
      open.remove(key);
      commits.committed(block.target, transaction.session());
      output.collect(new StreamRecord<>(new SplitCommitted(block, rows)));
    }
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
    super.prepareSnapshotPreBarrier(checkpointId);
    flush();
  }

  /** No barrier may come after the last split. */
  @Override
  public void finish() throws Exception {
    flush();
    super.finish();
  }

  private void flush() throws SQLException {
    try {
      commits.flush();
    } catch (ReshardingException e) {
      throw Failures.of(e);
    }
  }

  private ReshardingException failed(CopyBlock block, SQLException cause) {
    String target = migration.plan().shardIds().get(block.target);
    return new ReshardingException(
        Failures.code(cause, ErrorCode.COPY_FAILED),
        "writing split %d of %s to %s failed: %s"
            .formatted(
                block.split,
                migration.table(block.table).displayName(),
                target,
                cause.getMessage()),
        cause);
  }

  @Override
  public void close() throws Exception {
    try {
      if (sessions != null) {
        sessions.close();
      }
    } finally {
      super.close();
    }
  }
}
