package io.reshard.job.change;

import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.cdc.connectors.base.config.SourceConfig;
import org.apache.flink.cdc.connectors.base.source.assigner.state.PendingSplitsState;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceRecords;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitBase;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitState;
import org.apache.flink.cdc.connectors.base.source.metrics.SourceReaderMetrics;
import org.apache.flink.cdc.connectors.postgres.source.PostgresSourceBuilder.PostgresIncrementalSource;
import org.apache.flink.cdc.connectors.postgres.source.config.PostgresSourceConfigFactory;
import org.apache.flink.cdc.connectors.postgres.source.enumerator.PostgresSourceEnumerator;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffsetFactory;
import org.apache.flink.cdc.connectors.postgres.source.reader.PostgresSourceReader;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** The connector's source with safe resuming. */
@SuppressWarnings("unchecked") // The connector declares its reader without type arguments.
final class SlotSource extends PostgresIncrementalSource<ChangeEvent> {

  private static final long serialVersionUID = 1L;

  private final ChangeSourceSettings settings;
  private final RewindingSplitSerializer splits = new RewindingSplitSerializer();

  SlotSource(ChangeSourceSettings settings) {
    this(settings, ConnectorSettings.of(settings));
  }

  private SlotSource(ChangeSourceSettings settings, PostgresSourceConfigFactory connector) {
    super(
        connector,
        new ChangeDeserializer(settings),
        new PostgresOffsetFactory(),
        new SlotDialect(settings, connector.create(0)));
    this.settings = settings;
  }

  @Override
  public SimpleVersionedSerializer<SourceSplitBase> getSplitSerializer() {
    return splits;
  }

  @Override
  public PostgresSourceEnumerator createEnumerator(
      SplitEnumeratorContext<SourceSplitBase> context) {
    PasswordPlugin.register(settings);
    return super.createEnumerator(context);
  }

  @Override
  public PostgresSourceEnumerator restoreEnumerator(
      SplitEnumeratorContext<SourceSplitBase> context, PendingSplitsState checkpoint) {
    PasswordPlugin.register(settings);
    return super.restoreEnumerator(context, checkpoint);
  }

  @Override
  protected RecordEmitter<SourceRecords, ChangeEvent, SourceSplitState> createRecordEmitter(
      SourceConfig connector, SourceReaderMetrics metrics) {
    return new PositionEmitter(deserializationSchema, metrics, offsetFactory);
  }

  @Override
  public PostgresSourceReader createReader(SourceReaderContext context) throws Exception {
    PasswordPlugin.register(settings);
    DriverCheck.requireManualConfirmation();
    return super.createReader(new QuickCloseContext(context));
  }
}
