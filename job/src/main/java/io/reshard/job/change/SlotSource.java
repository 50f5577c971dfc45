package io.reshard.job.change;

import org.apache.flink.cdc.connectors.base.config.SourceConfig;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceRecords;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitState;
import org.apache.flink.cdc.connectors.base.source.metrics.SourceReaderMetrics;
import org.apache.flink.cdc.connectors.postgres.source.PostgresSourceBuilder.PostgresIncrementalSource;
import org.apache.flink.cdc.connectors.postgres.source.config.PostgresSourceConfigFactory;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffsetFactory;
import org.apache.flink.connector.base.source.reader.RecordEmitter;

/** The connector's source with our own reading of the slot. */
@SuppressWarnings("unchecked") // The connector declares its reader without type arguments.
final class SlotSource extends PostgresIncrementalSource<ChangeEvent> {

  private static final long serialVersionUID = 1L;

  SlotSource(ChangeSourceSettings settings) {
    this(settings, ConnectorSettings.of(settings));
  }

  private SlotSource(ChangeSourceSettings settings, PostgresSourceConfigFactory connector) {
    super(
        connector,
        new ChangeDeserializer(),
        new PostgresOffsetFactory(),
        new SlotDialect(settings, connector.create(0)));
  }

  @Override
  protected RecordEmitter<SourceRecords, ChangeEvent, SourceSplitState> createRecordEmitter(
      SourceConfig connector, SourceReaderMetrics metrics) {
    return new BatchEmitter(deserializationSchema, metrics, offsetFactory);
  }
}
