package io.reshard.verifier;

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
  /**
   * What stands in logs: {@link AggregateStatement} makes the real text, per shard and range of
   * keys.
   */
  private static final String TEMPLATE = "aggregates of ?";

  private final Verification verification;
  private final List<Stretch> stretches;

  /**
   * @param stretches those that are to be read
   */
  AggregateSources(Verification verification, List<Stretch> stretches) {
    this.verification = verification;
    this.stretches = stretches;
  }

  ShardedJdbcSource<StepAggregates> source(Side side) {
    JdbcSource<StepAggregates> source =
        JdbcSource.<StepAggregates>builder()
            .setSql(TEMPLATE)
            .setJdbcParameterValuesProvider(
                new JdbcGenericParameterValuesProvider(parameters(side)))
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
  private Serializable[][] parameters(Side side) {
    Map<String, Deque<Reading>> perShard = new LinkedHashMap<>();
    for (Reading reading : side == Side.SOURCE ? onSources() : onTargets()) {
      perShard.computeIfAbsent(reading.shard(), unused -> new ArrayDeque<>()).add(reading);
    }
    List<Serializable[]> parameters = new ArrayList<>();
    while (!perShard.isEmpty()) {
      Iterator<Deque<Reading>> turns = perShard.values().iterator();
      while (turns.hasNext()) {
        Deque<Reading> turn = turns.next();
        parameters.add(new Serializable[] {turn.remove().json()});
        if (turn.isEmpty()) {
          turns.remove();
        }
      }
    }
    return parameters.toArray(new Serializable[0][]);
  }

  /** A source is read for all its targets at once. */
  private List<Reading> onSources() {
    return stretches.stream()
        .map(stretch -> new Reading(stretch.first().source(), List.of(stretch)))
        .toList();
  }

  /** A target is read for all its sources at once where each of them has the whole table. */
  private List<Reading> onTargets() {
    Map<List<Object>, Reading> whole = new LinkedHashMap<>();
    List<Reading> readings = new ArrayList<>();
    for (Stretch stretch : stretches) {
      for (String target : verification.plan().targetsOf(stretch.first().source())) {
        if (stretch.coversTable()) {
          whole
              .computeIfAbsent(
                  List.of(target, stretch.first().table()),
                  key -> new Reading(target, new ArrayList<>()))
              .stretches()
              .add(stretch);
        } else {
          readings.add(new Reading(target, List.of(stretch)));
        }
      }
    }
    readings.addAll(0, whole.values());
    return readings;
  }
}
