package io.reshard.job.gate;

import io.reshard.core.control.CaptureRecord;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.shard.ChangeCapture;
import io.reshard.job.Migration;
import io.reshard.job.change.ChangeEvent;
import io.reshard.job.target.Failures;
import java.sql.Connection;
import java.util.List;
import java.util.OptionalLong;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.watermarkstatus.WatermarkStatus;

/**
 * Chained to the change source of one shard, one subtask: beats the source's heart, turns captured
 * heartbeats into watermarks, and makes sure that none is missing and no moved table is altered. A
 * gap in their numbers means that changes are missing too, and ends the job for good. Numbers that
 * come again are a replay.
 */
public final class HeartbeatGuard extends AbstractStreamOperator<ChangeEvent>
    implements OneInputStreamOperator<ChangeEvent, ChangeEvent> {
  /** The number of the newest heartbeat, one element. */
  public static final ListStateDescriptor<Long> NUMBER =
      new ListStateDescriptor<>("heartbeat-number-v1", Types.LONG);

  private static final long serialVersionUID = 1L;

  private final Migration migration;
  private final CaptureRecord capture;
  private transient ListState<Long> state;
  private transient HeartbeatNumbers numbers;
  private transient HeartbeatWriter writer;

  public HeartbeatGuard(Migration migration, CaptureRecord capture) {
    this.migration = migration;
    this.capture = capture;
    this.chainingStrategy = ChainingStrategy.ALWAYS;
  }

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    state = context.getOperatorStateStore().getListState(NUMBER);
    long highest = capture.heartbeatNumber();
    for (Long number : state.get()) {
      highest = number;
    }
    numbers = new HeartbeatNumbers(highest);
  }

  /** Runs before the source in this chain starts to read: an operator opens before its inputs. */
  @Override
  public void open() throws Exception {
    super.open();
    try (Connection connection =
        migration
            .endpoint(capture.source())
            .connect("reshard " + migration.operationId() + " guard")) {
      ChangeCapture.endReader(connection, capture.slot());
    }
    writer = new HeartbeatWriter(migration, capture.source(), this::schemaChanged);
    writer.start();
  }

  @Override
  public void processElement(StreamRecord<ChangeEvent> element) {
    ChangeEvent event = element.getValue();
    if (!event.isHeartbeat()) {
      output.collect(element);
      return;
    }
    OptionalLong due = numbers.take(event.heartbeatNumber);
    if (due.isPresent()) {
      throw Failures.of(gap(due.getAsLong(), event.heartbeatNumber));
    }
    output.emitWatermark(new Watermark(event.heartbeatValue));
  }

  /** Called by the heartbeat's thread. */
  private void schemaChanged(ReshardingException change) {
    getContainingTask().getEnvironment().failExternally(Failures.of(change));
  }

  private ReshardingException gap(long expected, long found) {
    return new ReshardingException(
        ErrorCode.CHANGES_MISSING,
        "source %s: heartbeat %d came where %d was due, so changes between them are missing: the"
                .formatted(capture.source(), found, expected)
            + " slot "
            + capture.slot()
            + " was made anew or is ahead of the savepoint. Roll the operation back and start it"
            + " again");
  }

  @Override
  public void processWatermark(Watermark mark) {
    // Watermarks come from heartbeats alone.
  }

  @Override
  public void processWatermarkStatus(WatermarkStatus status) {
    // A source is never idle: it has heartbeats.
  }

  @Override
  public void snapshotState(StateSnapshotContext context) throws Exception {
    super.snapshotState(context);
    state.update(List.of(numbers.highest()));
  }

  @Override
  public void close() throws Exception {
    if (writer != null) {
      writer.close();
    }
    super.close();
  }
}
