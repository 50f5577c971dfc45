package io.reshard.job.apply;

import io.reshard.core.control.ProgressKind;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.SqlStates;
import io.reshard.job.Migration;
import io.reshard.job.progress.ProgressUpdate;
import io.reshard.job.target.Failures;
import io.reshard.job.target.TargetSessions;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Merges blocks into their targets, several in one transaction. Flushed on every watermark, which
 * it then reports as its part of the frontier, and before every barrier.
 */
public final class ChangeWriter extends AbstractStreamOperator<ProgressUpdate>
    implements OneInputStreamOperator<ChangeBlock, ProgressUpdate> {
  private static final long serialVersionUID = 1L;
  private static final int BATCH_KEYS = 2000;

  private final Migration migration;
  private transient TargetSessions sessions;
  private transient TargetWriter writer;
  private transient RequestedRows requested;
  private transient Map<Integer, List<ChangeBlock>> pending;
  private transient int pendingKeys;
  private transient Map<String, Long> replicated;
  private transient Map<String, Long> reported;
  private transient String subtask;
  private transient String subtaskOfAll;
  private transient Counter rowsMerged;
  private transient Counter bytesMerged;
  private transient long frontier;

  public ChangeWriter(Migration migration) {
    this.migration = migration;
  }

  @Override
  public void open() throws Exception {
    super.open();
    sessions = TargetSessions.claim(migration, getContainingTask().getEnvironment());
    writer = new TargetWriter(migration, sessions, new FreshRows(migration, "refetch"));
    pending = new LinkedHashMap<>();
    replicated = new HashMap<>();
    reported = new HashMap<>();
    int index = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    subtask = "#" + index;
    int subtasks = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
    subtaskOfAll = index + "/" + subtasks;
    requested = new RequestedRows(migration, writer, index, subtasks);
    rowsMerged = getMetricGroup().counter("rowsMerged");
    bytesMerged = getMetricGroup().counter("bytesMerged");
    getMetricGroup().gauge("retries", writer::retries);
    getMetricGroup().gauge("lagMillis", this::lagMillis);
    if (index == 0) {
      // One subtask is enough: the frontier waits for the first watermark of each.
      coded(requested::settleLeftovers);
    }
  }

  /** How old, in milliseconds, what has arrived here is by its source's clock; -1 at first. */
  private long lagMillis() {
    return frontier == 0 ? -1 : Math.max(0, System.currentTimeMillis() - frontier);
  }

  /** Work on targets. */
  @FunctionalInterface
  private interface Work {
    void run() throws SQLException;
  }

  private static void coded(Work work) throws SQLException {
    try {
      work.run();
    } catch (ReshardingException e) {
      throw Failures.of(e);
    }
  }

  @Override
  public void processElement(StreamRecord<ChangeBlock> element) {
    ChangeBlock block = element.getValue();
    pending.computeIfAbsent(block.target, key -> new ArrayList<>()).add(block);
    pendingKeys += block.keys[0].length;
    if (pendingKeys >= BATCH_KEYS) {
      flush();
    }
  }

  private void flush() {
    pending.forEach(
        (target, blocks) -> {
          try {
            write(target, blocks);
          } catch (SQLException e) {
            throw Failures.of(failed(target, blocks, e));
          } catch (ReshardingException e) {
            throw Failures.of(e);
          }
        });
    pending.clear();
    pendingKeys = 0;
  }

  private void write(int target, List<ChangeBlock> blocks) throws SQLException {
    writer.write(target, blocks);
    writer.settle();
    List<String> shards = migration.plan().shardIds();
    for (ChangeBlock block : blocks) {
      String step = shards.get(block.source) + "->" + shards.get(block.target);
      replicated.merge(step + subtask, (long) block.rows, Long::sum);
      rowsMerged.inc(block.rows);
      bytesMerged.inc(block.tuples.length);
    }
  }

  private ReshardingException failed(int target, List<ChangeBlock> blocks, SQLException cause) {
    ErrorCode code =
        SqlStates.UNIQUE_VIOLATION.equals(cause.getSQLState())
            ? ErrorCode.KEY_COLLISION
            : Failures.code(cause, ErrorCode.REPLICATION_FAILED);
    String tables =
        blocks.stream()
            .map(block -> migration.table(block.table).displayName())
            .distinct()
            .toList()
            .toString();
    return new ReshardingException(
        code,
        "merging changes of %s into %s failed: %s"
            .formatted(tables, migration.plan().shardIds().get(target), cause.getMessage()),
        cause);
  }

  @Override
  public void processWatermark(Watermark mark) throws Exception {
    flush();
    coded(requested::settle);
    replicated.forEach((subject, rows) -> reportIfChanged(ProgressKind.REPLICATED, subject, rows));
    // Before the frontier: whoever sees that it has passed must see what was found until then.
    reportIfChanged(ProgressKind.MISMATCHED, subtask, writer.mismatches());
    report(ProgressKind.FRONTIER, subtaskOfAll, mark.getTimestamp());
    frontier = mark.getTimestamp();
    output.emitWatermark(mark);
  }

  private void reportIfChanged(ProgressKind kind, String subject, long value) {
    if (value != reported.getOrDefault(subject, 0L)) {
      reported.put(subject, value);
      report(kind, subject, value);
    }
  }

  private void report(ProgressKind kind, String subject, long value) {
    output.collect(new StreamRecord<>(ProgressUpdate.of(kind, subject, sessions.epoch(), value)));
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) {
    flush();
  }

  @Override
  public void close() throws Exception {
    try {
      if (sessions != null) {
        sessions.close();
      }
      if (writer != null) {
        writer.close();
      }
    } finally {
      super.close();
    }
  }
}
