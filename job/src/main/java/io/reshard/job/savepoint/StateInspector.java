package io.reshard.job.savepoint;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.savepoint.SavepointContent;
import io.reshard.core.savepoint.SavepointInspector;
import io.reshard.job.OperatorIds;
import io.reshard.job.change.ChangeSource;
import io.reshard.job.copy.CopyTracker;
import io.reshard.job.gate.HeartbeatGuard;
import io.reshard.job.savepoint.StateEntry.Kind;
import java.net.URL;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.contrib.streaming.state.EmbeddedRocksDBStateBackend;
import org.apache.flink.state.api.OperatorIdentifier;
import org.apache.flink.state.api.SavepointReader;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.Collector;

/** Reads state with the State Processor API, by small jobs in this process. */
public final class StateInspector implements SavepointInspector {
  /** Where Flink's source operator keeps its splits. */
  private static final String SOURCE_STATE = "SourceReaderState";

  @Override
  public SavepointContent inspect(String path, Function<String, Plan> plans) {
    try {
      StreamExecutionEnvironment environment = environment();
      SavepointReader savepoint =
          SavepointReader.read(environment, path, new EmbeddedRocksDBStateBackend());
      Plan plan = plans.apply(operationId(savepoint));
      return content(plan, entries(savepoint, plan));
    } catch (ReshardingException e) {
      throw e;
    } catch (Exception e) {
      throw new ReshardingException(
          ErrorCode.INVALID_ARGUMENTS,
          path + " cannot be read as a savepoint of a migration job: " + e.getMessage(),
          e);
    }
  }

  /** The tasks load the job's classes by themselves, so they must be told where they are. */
  private static StreamExecutionEnvironment environment() {
    URL classes = StateInspector.class.getProtectionDomain().getCodeSource().getLocation();
    Configuration settings = new Configuration();
    settings.set(PipelineOptions.CLASSPATHS, List.of(classes.toString()));
    return StreamExecutionEnvironment.createLocalEnvironment(1, settings);
  }

  private static String operationId(SavepointReader savepoint) throws Exception {
    List<String> ids =
        all(savepoint.readListState(tracker(), CopyTracker.OPERATION.getName(), Types.STRING));
    return ids.get(0);
  }

  private static OperatorIdentifier tracker() {
    return OperatorIdentifier.forUid(OperatorIds.COPY_TRACKER);
  }

  private static List<StateEntry> entries(SavepointReader savepoint, Plan plan) throws Exception {
    DataStream<StateEntry> entries =
        savepoint
            .readListState(
                tracker(),
                CopyTracker.COMMITTED.getName(),
                PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO)
            .flatMap(StateInspector::committed)
            .returns(StateEntry.class)
            .union(
                savepoint.readKeyedState(
                    OperatorIdentifier.forUid(OperatorIds.CHANGE_GATE),
                    new ParkedCounts(),
                    Types.INT,
                    TypeInformation.of(StateEntry.class)));
    for (String source : plan.sources()) {
      int ordinal = plan.shardOrdinal(source);
      entries =
          entries.union(
              savepoint
                  .readListState(
                      OperatorIdentifier.forUid(OperatorIds.changes(source)),
                      SOURCE_STATE,
                      PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO)
                  .map(
                      split -> new StateEntry(Kind.POSITION, ordinal, ChangeSource.position(split)))
                  .returns(StateEntry.class),
              savepoint
                  .readListState(
                      OperatorIdentifier.forUid(OperatorIds.heartbeats(source)),
                      HeartbeatGuard.NUMBER.getName(),
                      Types.LONG)
                  .map(number -> new StateEntry(Kind.HEARTBEAT, ordinal, number))
                  .returns(StateEntry.class));
    }
    return all(entries);
  }

  private static void committed(byte[] bits, Collector<StateEntry> out) {
    BitSet.valueOf(bits).stream()
        .forEach(bit -> out.collect(new StateEntry(Kind.COMMITTED, bit, 1)));
  }

  @SuppressWarnings("try") // Flink declares close() with every exception.
  private static <T> List<T> all(DataStream<T> stream) throws Exception {
    List<T> elements = new ArrayList<>();
    try (CloseableIterator<T> results = stream.executeAndCollect()) {
      results.forEachRemaining(elements::add);
    }
    return elements;
  }

  private static SavepointContent content(Plan plan, List<StateEntry> entries) {
    BitSet committed = new BitSet();
    long[] parked = new long[plan.tables().size()];
    long[] positions = new long[plan.shardIds().size()];
    long[] heartbeats = new long[plan.shardIds().size()];
    for (StateEntry entry : entries) {
      switch (entry.kind) {
        case COMMITTED -> committed.set(entry.subject);
        case PARKED -> parked[entry.subject] += entry.value;
        case POSITION -> positions[entry.subject] = entry.value;
        case HEARTBEAT -> heartbeats[entry.subject] = entry.value;
      }
    }
    return new SavepointContent(
        plan,
        new FinishedSplits(plan, committed).tables(parked),
        plan.sources().stream()
            .map(
                source ->
                    new SavepointContent.SourceContent(
                        source,
                        positions[plan.shardOrdinal(source)],
                        heartbeats[plan.shardOrdinal(source)]))
            .toList());
  }
}
