package io.reshard.job.savepoint;

import io.reshard.job.gate.Bucket;
import io.reshard.job.gate.ChangeGate;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.state.api.functions.KeyedStateReaderFunction;
import org.apache.flink.util.Collector;

/** Reads how many keys the gate has parked in each bucket. */
final class ParkedCounts extends KeyedStateReaderFunction<Integer, StateEntry> {
  private static final long serialVersionUID = 1L;

  private transient ValueState<Long> count;

  @Override
  public void open(Configuration parameters) {
    count = getRuntimeContext().getState(ChangeGate.COUNT);
  }

  @Override
  public void readKey(Integer bucket, Context context, Collector<StateEntry> out) throws Exception {
    Long parked = count.value();
    if (parked != null) {
      out.collect(new StateEntry(StateEntry.Kind.PARKED, Bucket.table(bucket), parked));
    }
  }
}
