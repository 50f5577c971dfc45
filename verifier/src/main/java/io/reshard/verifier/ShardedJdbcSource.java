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
import org.apache.flink.connector.jdbc.datasource.connections.JdbcConnectionProvider;
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
  private final SerializableSupplier<JdbcConnectionProvider> connections;

  ShardedJdbcSource(
      JdbcSource<T> source, SerializableSupplier<JdbcConnectionProvider> connections) {
    this.source = source;
    this.connections = connections;
  }

  /**
   * As {@link JdbcSource} makes it, but for the connections. Each split reader has its own
   * provider: a reader that ran out of splits may still be closing its connection, in a thread of
   * its own, when the next one starts.
   */
  @Override
  public SourceReader<T, JdbcSourceSplit> createReader(SourceReaderContext context) {
    return new JdbcSourceReader<>(
        () ->
            new JdbcSourceSplitReader<>(
                context,
                source.getConfiguration(),
                source.getTypeInformation(),
                connections.get(),
                DeliveryGuarantee.AT_LEAST_ONCE,
                source.getResultExtractor()),
        source.getConfiguration(),
        context);
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
