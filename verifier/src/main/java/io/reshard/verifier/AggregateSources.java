package io.reshard.verifier;

import io.reshard.core.json.Documents;
import io.reshard.core.plan.Split;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.jdbc.core.datastream.source.JdbcSource;
import org.apache.flink.connector.jdbc.split.JdbcGenericParameterValuesProvider;

/** Makes the bounded JDBC sources that read the aggregates of either side. */
final class AggregateSources {
  /** What stands in logs: {@link AggregateStatement} makes the real text, per shard and split. */
  private static final String TEMPLATE = "aggregates of split ? on ?";

  private final Verification verification;
  private final List<Split> splits;

  /**
   * @param splits those that are to be read
   */
  AggregateSources(Verification verification, List<Split> splits) {
    this.verification = verification;
    this.splits = splits;
  }

  ShardedJdbcSource<StepAggregates> source(Side side) {
    JdbcSource<StepAggregates> source =
        JdbcSource.<StepAggregates>builder()
            .setSql(TEMPLATE)
            .setJdbcParameterValuesProvider(new JdbcGenericParameterValuesProvider(readings(side)))
            // Required, and never connected to.
            .setDBUrl("jdbc:postgresql:")
            .setResultExtractor(
                row ->
                    StepAggregates.of(
                        side, row.getString(1), row.getString(2), row.getLong(3), row.getString(4)))
            .setTypeInformation(TypeInformation.of(StepAggregates.class))
            .build();
    Verification captured = verification;
    return new ShardedJdbcSource<>(source, () -> new AggregateConnections(captured, side));
  }

  /**
   * The parameters of all readings, as JSON because the connector deserializes them with a class
   * loader that knows the JDK alone. Shards take turns, so that all of them are busy.
   */
  private Serializable[][] readings(Side side) {
    Map<String, Deque<Serializable[]>> perShard = new LinkedHashMap<>();
    for (Split split : splits) {
      String json = Documents.toJson(split);
      List<String> targets =
          side == Side.SOURCE ? List.of("") : verification.plan().targetsOf(split.source());
      for (String target : targets) {
        String shard = side == Side.SOURCE ? split.source() : target;
        perShard
            .computeIfAbsent(shard, unused -> new ArrayDeque<>())
            .add(new Serializable[] {json, target});
      }
    }
    List<Serializable[]> readings = new ArrayList<>();
    while (!perShard.isEmpty()) {
      Iterator<Deque<Serializable[]>> turns = perShard.values().iterator();
      while (turns.hasNext()) {
        Deque<Serializable[]> turn = turns.next();
        readings.add(turn.remove());
        if (turn.isEmpty()) {
          turns.remove();
        }
      }
    }
    return readings.toArray(new Serializable[0][]);
  }
}
