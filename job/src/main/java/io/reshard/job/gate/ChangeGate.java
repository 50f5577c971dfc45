package io.reshard.job.gate;

import io.reshard.job.change.ChangeEvent;
import io.reshard.job.copy.TableCopied;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.BroadcastState;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.operators.TwoInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Parks the changed keys of a table until its copy is complete, one entry per key; from then on
 * they pass through. Parked keys are released in slices, one timer per bucket and slice, so that
 * barriers come through between them. While anything is parked the watermark is held back: the
 * frontier never passes a change that is not on its target.
 */
public final class ChangeGate extends AbstractStreamOperator<ChangeEvent>
    implements TwoInputStreamOperator<ChangeEvent, TableCopied, ChangeEvent>,
        Triggerable<Integer, VoidNamespace> {
  private static final long serialVersionUID = 1L;

  /**
   * Released at once: some 25 ms of work behind the gate. Each slice looks for the bucket's first
   * key among those that slices before it have removed.
   */
  private static final int SLICE = 500;

  private static final long POLL_MILLIS = 500;

  /** How many keys are parked in a bucket; cleared where there are none. */
  public static final ValueStateDescriptor<Long> COUNT =
      new ValueStateDescriptor<>("parked-count-v1", Types.LONG);

  private transient MapState<String, Long> parked;
  private transient ValueState<Long> count;
  private transient BroadcastState<Integer, Boolean> openTables;
  private transient InternalTimerService<VoidNamespace> timers;
  private transient long parkedHere;
  private transient Watermark held;

  @Override
  public void initializeState(StateInitializationContext context) throws Exception {
    super.initializeState(context);
    openTables =
        context
            .getOperatorStateStore()
            .getBroadcastState(
                new MapStateDescriptor<>("open-tables-v1", Types.INT, Types.BOOLEAN));
    parked =
        context
            .getKeyedStateStore()
            .getMapState(new MapStateDescriptor<>("parked-keys-v1", Types.STRING, Types.LONG));
    count = context.getKeyedStateStore().getState(COUNT);
  }

  @Override
  public void open() throws Exception {
    super.open();
    timers = getInternalTimerService("release", VoidNamespaceSerializer.INSTANCE, this);
    getMetricGroup().gauge("parkedKeys", () -> parkedHere);
    // After a rescale this subtask may hold other buckets than before: count what it has.
    List<Integer> buckets;
    try (Stream<Integer> keys =
        this.<Integer>getKeyedStateBackend().getKeys(COUNT.getName(), VoidNamespace.INSTANCE)) {
      buckets = new ArrayList<>(keys.distinct().toList());
    }
    for (Integer bucket : buckets) {
      setCurrentKey(bucket);
      parkedHere += count.value();
      timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, soon());
    }
  }

  private long soon() {
    return timers.currentProcessingTime() + 1;
  }

  @Override
  public void processElement1(StreamRecord<ChangeEvent> element) throws Exception {
    ChangeEvent event = element.getValue();
    if (openTables.contains((int) event.table)) {
      output.collect(element);
      return;
    }
    String key = ParkedKey.encode(event);
    Long known = parked.get(key);
    // Of several transactions the newest decides what a reader must be able to see.
    parked.put(key, event.transactionId);
    if (known == null) {
      Long before = count.value();
      count.update(before == null ? 1 : before + 1);
      parkedHere++;
      if (before == null) {
        timers.registerProcessingTimeTimer(
            VoidNamespace.INSTANCE, timers.currentProcessingTime() + POLL_MILLIS);
      }
    }
  }

  @Override
  public void processElement2(StreamRecord<TableCopied> element) throws Exception {
    openTables.put(element.getValue().table, true);
  }

  /** Releases a slice of the current bucket if its table is open, and looks again later. */
  @Override
  public void onProcessingTime(InternalTimer<Integer, VoidNamespace> timer) throws Exception {
    Long left = count.value();
    if (left == null) {
      return;
    }
    short table = Bucket.table(timer.getKey());
    if (!openTables.contains((int) table)) {
      timers.registerProcessingTimeTimer(
          VoidNamespace.INSTANCE, timers.currentProcessingTime() + POLL_MILLIS);
      return;
    }
    int released = 0;
    Iterator<Map.Entry<String, Long>> entries = parked.iterator();
    while (released < SLICE && entries.hasNext()) {
      Map.Entry<String, Long> entry = entries.next();
      output.collect(new StreamRecord<>(ParkedKey.decode(table, entry.getKey(), entry.getValue())));
      entries.remove();
      released++;
    }
    parkedHere -= released;
    if (left > released) {
      count.update(left - released);
      timers.registerProcessingTimeTimer(VoidNamespace.INSTANCE, soon());
    } else {
      count.clear();
      parked.clear();
    }
    emitHeldWatermark();
  }

  @Override
  public void onEventTime(InternalTimer<Integer, VoidNamespace> timer) {
    throw new IllegalStateException("the gate has no event-time timers");
  }

  @Override
  public void processWatermark1(Watermark mark) {
    held = mark;
    emitHeldWatermark();
  }

  private void emitHeldWatermark() {
    if (held != null && parkedHere == 0) {
      output.emitWatermark(held);
      held = null;
    }
  }

  @Override
  public void processWatermark2(Watermark mark) {
    // The copy has no part in the frontier.
  }
}
