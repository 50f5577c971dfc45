package io.reshard.verifier;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Puts the two sides of each step of a stretch together; what lies astray has one side only, and
 * passes. Keyed by the stretch, so that a shard's strays stay before the steps that were read with
 * them: a step whose result is there has left none behind.
 */
final class PairSides extends KeyedProcessFunction<String, StepAggregates, StepAggregates> {
  private static final long serialVersionUID = 1L;

  private transient MapState<String, StepAggregates> halves;

  @Override
  public void open(OpenContext context) {
    halves =
        getRuntimeContext()
            .getMapState(new MapStateDescriptor<>("halves", String.class, StepAggregates.class));
  }

  @Override
  public void processElement(
      StepAggregates aggregates, Context context, Collector<StepAggregates> pairs)
      throws Exception {
    StepAggregates other = halves.get(aggregates.step());
    if (aggregates.strays().isPresent()) {
      pairs.collect(aggregates);
    } else if (other == null) {
      halves.put(aggregates.step(), aggregates);
    } else {
      halves.remove(aggregates.step());
      pairs.collect(other.merge(aggregates));
    }
  }
}
