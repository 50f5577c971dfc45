package io.reshard.job.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.reshard.job.change.ChangeEvent;
import io.reshard.job.copy.TableCopied;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedTwoInputStreamOperatorTestHarness;

/**
 * The gate in random courses of changes, opened tables, watermarks, restarts and rescalings, of two
 * tables with few keys. Whatever comes, a watermark leaves no change behind, and no table's keys
 * come out before it is open.
 */
class ChangeGateTest {
  private static final int TABLES = 2;
  private static final int KEYS = 40;
  private static final int GROUPS = 16;

  /** Keys of one bucket, and more than a slice has: parked ones come out in several. */
  private static final int[] BURST =
      IntStream.iterate(KEYS, key -> key + 1)
          .filter(key -> bucket(key) == bucket(KEYS))
          .limit(600)
          .toArray();

  private static int bucket(int key) {
    return new Bucket().getKey(new Key((short) 0, String.valueOf(key)).changed(0));
  }

  private final List<Subtask> subtasks = new ArrayList<>();

  /** The newest transaction of each key that was told, and of each that came out. */
  private final Map<Key, Long> told = new HashMap<>();

  private final Map<Key, Long> cameOut = new HashMap<>();

  /** What had been told when a watermark was sent. */
  private final Map<Long, Map<Key, Long>> behind = new HashMap<>();

  private final boolean[] open = new boolean[TABLES];
  private long transaction;
  private long time;
  private long mark;

  private record Key(short table, String value) {
    static Key of(ChangeEvent event) {
      return new Key(event.table, event.key[0]);
    }

    ChangeEvent changed(long transaction) {
      return ChangeEvent.ofRow((short) 0, table, new String[] {value}, transaction);
    }
  }

  private static final class Subtask {
    final KeyedTwoInputStreamOperatorTestHarness<Integer, ChangeEvent, TableCopied, ChangeEvent>
        harness;

    /** The newest watermark. */
    long reached;

    Subtask(int count, int index) throws Exception {
      harness =
          new KeyedTwoInputStreamOperatorTestHarness<>(
              new ChangeGate(), new Bucket(), null, Types.INT, GROUPS, count, index);
      harness.setup();
    }
  }

  @Property(tries = 150, shrinking = ShrinkingMode.OFF)
  void aWatermarkLeavesNoChangeBehind(
      @ForAll long seed, @ForAll @IntRange(min = 10, max = 120) int steps) throws Exception {
    // All tries share one instance of the class.
    new ChangeGateTest().run(new Random(seed), steps);
  }

  private void run(Random random, int steps) throws Exception {
    start(1 + random.nextInt(2), null);
    for (int step = 0; step < steps; step++) {
      switch (random.nextInt(12)) {
        case 0 -> open(random.nextInt(TABLES));
        case 1 -> rescale(1 + random.nextInt(3));
        case 2 -> burst(random.nextInt(TABLES));
        case 3, 4 -> watermark();
        case 5, 6 -> advance();
        default -> change(random.nextInt(TABLES), random.nextInt(KEYS));
      }
    }
    for (int table = 0; table < TABLES; table++) {
      open(table);
    }
    watermark();
    for (int wait = 0; wait < 100 && reached() < mark; wait++) {
      advance();
    }
    assertThat(reached()).isEqualTo(mark);
    assertThat(cameOut).isEqualTo(told);
    for (Subtask subtask : subtasks) {
      subtask.harness.close();
    }
  }

  private void start(int count, List<OperatorSubtaskState> states) throws Exception {
    int before = subtasks.size();
    subtasks.clear();
    for (int index = 0; index < count; index++) {
      Subtask subtask = new Subtask(count, index);
      if (states != null) {
        OperatorSubtaskState all =
            AbstractStreamOperatorTestHarness.repackageState(
                states.toArray(OperatorSubtaskState[]::new));
        subtask.harness.initializeState(
            AbstractStreamOperatorTestHarness.repartitionOperatorState(
                all, GROUPS, before, count, index));
      }
      subtask.harness.open();
      subtask.harness.setProcessingTime(time);
      subtasks.add(subtask);
    }
    // Timers have fired.
    collect();
  }

  /** What came out before is with the writers; watermarks begin anew. */
  private void rescale(int count) throws Exception {
    List<OperatorSubtaskState> states = new ArrayList<>();
    for (Subtask subtask : subtasks) {
      states.add(subtask.harness.snapshot(++mark, mark));
      subtask.harness.close();
    }
    start(count, states);
  }

  private void change(int table, int key) throws Exception {
    Key changed = new Key((short) table, Integer.toString(key));
    told.put(changed, ++transaction);
    ChangeEvent event = changed.changed(transaction);
    subtasks.get(subtaskOf(changed)).harness.processElement1(new StreamRecord<>(event));
    collect();
  }

  private void burst(int table) throws Exception {
    for (int key : BURST) {
      change(table, key);
    }
  }

  private int subtaskOf(Key key) {
    return KeyGroupRangeAssignment.assignKeyToParallelOperator(
        new Bucket().getKey(key.changed(0)), GROUPS, subtasks.size());
  }

  private void open(int table) throws Exception {
    open[table] = true;
    for (Subtask subtask : subtasks) {
      subtask.harness.processElement2(new StreamRecord<>(new TableCopied(table)));
    }
    collect();
  }

  private void watermark() throws Exception {
    mark++;
    behind.put(mark, new HashMap<>(told));
    for (Subtask subtask : subtasks) {
      subtask.harness.processWatermark1(new Watermark(mark));
    }
    collect();
  }

  private void advance() throws Exception {
    time += 501;
    for (Subtask subtask : subtasks) {
      subtask.harness.setProcessingTime(time);
    }
    collect();
  }

  private void collect() {
    for (int index = 0; index < subtasks.size(); index++) {
      Subtask subtask = subtasks.get(index);
      for (Object out; (out = subtask.harness.getOutput().poll()) != null; ) {
        if (out instanceof Watermark watermark) {
          subtask.reached = watermark.getTimestamp();
          checkBehind(index, watermark.getTimestamp());
        } else {
          ChangeEvent event = (ChangeEvent) ((StreamRecord<?>) out).getValue();
          assertThat(open[event.table]).as("%s", event).isTrue();
          cameOut.merge(Key.of(event), event.transactionId, Math::max);
        }
      }
    }
  }

  private void checkBehind(int subtask, long timestamp) {
    behind
        .getOrDefault(timestamp, Map.of())
        .forEach(
            (key, newest) -> {
              if (subtaskOf(key) == subtask) {
                assertThat(cameOut.getOrDefault(key, 0L))
                    .as("%s behind watermark %d", key, timestamp)
                    .isGreaterThanOrEqualTo(newest);
              }
            });
  }

  /** The frontier is the smallest of all subtasks. */
  private long reached() {
    return subtasks.stream().mapToLong(subtask -> subtask.reached).min().orElseThrow();
  }
}
