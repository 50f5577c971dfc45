package io.reshard.job.copy;

import io.reshard.core.control.ProgressKind;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Split;
import io.reshard.job.Migration;
import io.reshard.job.progress.ProgressUpdate;
import io.reshard.job.target.Failures;
import io.reshard.job.target.TargetSessions;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;

/**
 * Counts committed splits. When a table is complete on all its targets it has the indexes built
 * aside, and announces the table when they stand. One subtask.
 */
public final class CopyTracker extends AbstractStreamOperator<TableCopied>
    implements OneInputStreamOperator<SplitCommitted, TableCopied> {
  /** Where progress goes. */
  public static final OutputTag<ProgressUpdate> PROGRESS =
      new OutputTag<>("progress") {
        private static final long serialVersionUID = 1L;
      };

  /** The operation's id, one element: a savepoint of another operation is not restored. */
  public static final ListStateDescriptor<String> OPERATION =
      new ListStateDescriptor<>("operation-v1", Types.STRING);

  /** Version 1: one bit for each committed pair, at split * shards + target. */
  public static final ListStateDescriptor<byte[]> COMMITTED =
      new ListStateDescriptor<>(
          "committed-splits-v1", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);

  private static final long serialVersionUID = 1L;

  private final Migration migration;
  private final int[] tableOfSplit;
  private final int[] due;
  private transient MailboxExecutor mailbox;
  private transient ListState<byte[]> state;
  private transient BitSet committed;
  private transient int[] missing;
  private transient int tablesLeft;
  private transient IndexBuilder indexes;

  CopyTracker(Migration migration, List<Split> splits, MailboxExecutor mailbox) {
    this.migration = migration;
    this.mailbox = mailbox;
    this.tableOfSplit = new int[splits.size()];
    this.due = new int[migration.plan().tables().size()];
    for (Split split : splits) {
      tableOfSplit[split.id()] = split.table();
      due[split.table()] += migration.plan().targetsOf(split.source()).size();
    }
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    ListState<String> operation = context.getOperatorStateStore().getListState(OPERATION);
    for (String id : operation.get()) {
      requireOwn(id);
    }
    operation.update(List.of(migration.operationId()));
    state = context.getOperatorStateStore().getListState(COMMITTED);
    committed = new BitSet();
    for (byte[] bits : state.get()) {
      committed.or(BitSet.valueOf(bits));
    }
  }

  /** The splits of another plan have the same numbers, so nothing else would notice. */
  private void requireOwn(String restored) {
    if (!restored.equals(migration.operationId())) {
      throw Failures.of(
          new ReshardingException(
              ErrorCode.INVALID_ARGUMENTS,
              "the savepoint or checkpoint is one of operation %s, and this is the job of %s"
                  .formatted(restored, migration.operationId())));
    }
  }

  @Override
  public void open() throws Exception {
    super.open();
    try (TargetSessions sessions =
        TargetSessions.claim(migration, getContainingTask().getEnvironment())) {
      indexes = new IndexBuilder(migration, sessions.epoch());
    }
    missing = due.clone();
    getMetricGroup().gauge("splitsLeft", () -> IntStream.of(missing).sum());
    getMetricGroup().gauge("tablesLeft", () -> tablesLeft);
    tablesLeft = due.length;
    int shards = migration.plan().shardIds().size();
    committed.stream().forEach(bit -> missing[tableOfSplit[bit / shards]]--);
    for (int table = 0; table < missing.length; table++) {
      if (missing[table] == 0) {
        complete(table);
      }
    }
  }

  @Override
  public void processElement(StreamRecord<SplitCommitted> element) {
    SplitCommitted done = element.getValue();
    String target = migration.plan().shardIds().get(done.target);
    output.collect(
        PROGRESS,
        new StreamRecord<>(
            ProgressUpdate.once(ProgressKind.COPIED, done.split + ":" + target, done.rows)));
    int bit = done.split * migration.plan().shardIds().size() + done.target;
    if (!committed.get(bit)) {
      committed.set(bit);
      missing[done.table]--;
      if (missing[done.table] == 0) {
        complete(done.table);
      }
    }
  }

  private void complete(int table) {
    // Whatever the outcome, announce() hears of it; only a task that has ended refuses the mail.
    CompletableFuture<Void> unused =
        indexes
            .build(migration.table(table))
            .whenComplete(
                (done, failure) ->
                    mailbox.execute(() -> announce(table, failure), "indexes of table %s", table));
  }

  private void announce(int table, Throwable failure) {
    if (failure != null) {
      Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
      throw cause instanceof ReshardingException error
          ? Failures.of(error)
          : new IllegalStateException(cause);
    }
    tablesLeft--;
    output.collect(new StreamRecord<>(new TableCopied(table)));
    output.collect(
        PROGRESS,
        new StreamRecord<>(
            ProgressUpdate.once(ProgressKind.TABLE, migration.table(table).displayName(), 1)));
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    state.update(List.of(committed.toByteArray()));
  }

  @Override
  public void close() throws Exception {
    if (indexes != null) {
      indexes.close();
    }
    super.close();
  }
}
