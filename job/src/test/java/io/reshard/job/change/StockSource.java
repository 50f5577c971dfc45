package io.reshard.job.change;

import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.cdc.connectors.postgres.source.PostgresDialect;
import org.apache.flink.cdc.connectors.postgres.source.PostgresSourceBuilder.PostgresIncrementalSource;
import org.apache.flink.cdc.connectors.postgres.source.config.PostgresSourceConfigFactory;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffsetFactory;
import org.apache.flink.cdc.connectors.postgres.source.reader.PostgresSourceReader;

/**
 * The connector with the offsets, the checks and the confirmations that it comes with, and with the
 * same settings otherwise: what the change source is compared with.
 */
@SuppressWarnings("unchecked") // The connector declares its reader without type arguments.
final class StockSource extends PostgresIncrementalSource<ChangeEvent> {

  private static final long serialVersionUID = 1L;

  private StockSource(ChangeSourceSettings settings, PostgresSourceConfigFactory connector) {
    super(
        connector,
        new ChangeDeserializer(settings),
        new PostgresOffsetFactory(),
        new PostgresDialect(connector.create(0)));
  }

  static StockSource of(ChangeSourceSettings settings) {
    PasswordPlugin.register(settings);
    return new StockSource(settings, ConnectorSettings.of(settings));
  }

  /** Not waiting 30 s for each failure makes no difference but to the test. */
  @Override
  public PostgresSourceReader createReader(SourceReaderContext context) throws Exception {
    return super.createReader(new QuickCloseContext(context));
  }
}
