package io.reshard.verifier;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.jdbc.core.datastream.source.JdbcSource;
import org.apache.flink.connector.jdbc.core.datastream.source.enumerator.JdbcSourceEnumeratorState;
import org.apache.flink.connector.jdbc.core.datastream.source.reader.JdbcSourceReader;
import org.apache.flink.connector.jdbc.core.datastream.source.reader.JdbcSourceSplitReader;
import org.apache.flink.connector.jdbc.core.datastream.source.split.JdbcSourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.util.function.SerializableSupplier;

/**
 * A {@link JdbcSource} that reads through given connection providers. The source's own builder
 * takes one as well, but in version 3.3.0 it replaces it by a plain connection to one URL.
 */
final class ShardedJdbcSource<T>
    implements Source<T, JdbcSourceSplit, JdbcSourceEnumeratorState>, ResultTypeQueryable<T> {
  private static final long serialVersionUID = 1L;

  private final JdbcSource<T> source;
  private final SerializableSupplier<AggregateConnections> connections;

  ShardedJdbcSource(JdbcSource<T> source, SerializableSupplier<AggregateConnections> connections) {
    this.source = source;
    this.connections = connections;
  }

  /**
   * As {@link JdbcSource} makes it, but for the connections: they belong to the reader. Its split
   * readers come and go with nearly every split, and would connect anew each time.
   */
  @Override
  @SuppressWarnings("try") // The close() of Flink's readers throws Exception.
  public SourceReader<T, JdbcSourceSplit> createReader(SourceReaderContext context) {
    AggregateConnections shared = connections.get();
    return new JdbcSourceReader<>(
        () ->
            new JdbcSourceSplitReader<>(
                context,
                source.getConfiguration(),
                source.getTypeInformation(),
                shared,
                DeliveryGuarantee.AT_LEAST_ONCE,
                source.getResultExtractor()),
        source.getConfiguration(),
        context) {
      @Override
      public void close() throws Exception {
        shared.abandon();
        super.close();
        shared.release();
      }
    };
  }

  @Override
  public Boundedness getBoundedness() {
    return source.getBoundedness();
  }

  @Override
  public SplitEnumerator<JdbcSourceSplit, JdbcSourceEnumeratorState> createEnumerator(
      SplitEnumeratorContext<JdbcSourceSplit> context) throws Exception {
    return source.createEnumerator(context);
  }

  @Override
  public SplitEnumerator<JdbcSourceSplit, JdbcSourceEnumeratorState> restoreEnumerator(
      SplitEnumeratorContext<JdbcSourceSplit> context, JdbcSourceEnumeratorState checkpoint)
      throws Exception {
    return source.restoreEnumerator(context, checkpoint);
  }

  @Override
  public SimpleVersionedSerializer<JdbcSourceSplit> getSplitSerializer() {
    return source.getSplitSerializer();
  }

  @Override
  public SimpleVersionedSerializer<JdbcSourceEnumeratorState> getEnumeratorCheckpointSerializer() {
    return source.getEnumeratorCheckpointSerializer();
  }

  @Override
  public TypeInformation<T> getProducedType() {
    return source.getProducedType();
  }
}
