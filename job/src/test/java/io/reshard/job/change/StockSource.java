package io.reshard.job.change;

import java.time.Duration;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.cdc.connectors.base.options.StartupOptions;
import org.apache.flink.cdc.connectors.postgres.source.PostgresDialect;
import org.apache.flink.cdc.connectors.postgres.source.PostgresSourceBuilder.PostgresIncrementalSource;
import org.apache.flink.cdc.connectors.postgres.source.config.PostgresSourceConfigFactory;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffsetFactory;
import org.apache.flink.cdc.connectors.postgres.source.reader.PostgresSourceReader;
import org.apache.flink.cdc.debezium.DebeziumDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * The connector with the reading, the offsets and the confirmations that it comes with: what the
 * change source is compared with. It captures public.t with the key id.
 */
@SuppressWarnings("unchecked") // The connector declares its reader without type arguments.
final class StockSource extends PostgresIncrementalSource<ChangeEvent> {

  private static final long serialVersionUID = 1L;

  private StockSource(PostgresSourceConfigFactory connector) {
    super(
        connector,
        new Inserts(),
        new PostgresOffsetFactory(),
        new PostgresDialect(connector.create(0)));
  }

  static StockSource of(ChangeSourceSettings settings) {
    PostgresSourceConfigFactory connector = ConnectorSettings.of(settings);
    connector.username(settings.endpoint().user());
    connector.password(settings.endpoint().password());
    connector.tableList("public.t", "reshard.heartbeat");
    Properties debezium = new Properties();
    debezium.setProperty("publication.name", settings.publication());
    debezium.setProperty("publication.autocreate.mode", "disabled");
    debezium.setProperty("poll.interval.ms", "10");
    debezium.setProperty("slot.retry.delay.ms", "250");
    debezium.setProperty("slot.max.retries", "120");
    connector.debeziumProperties(debezium);
    connector.startupOptions(StartupOptions.committed());
    connector.heartbeatInterval(Duration.ZERO);
    return new StockSource(connector);
  }

  /** Not waiting 30 s for each failure makes no difference but to the test. */
  @Override
  public PostgresSourceReader createReader(SourceReaderContext context) throws Exception {
    return super.createReader(new QuickCloseContext(context));
  }

  private static final class Inserts implements DebeziumDeserializationSchema<ChangeEvent> {

    private static final long serialVersionUID = 1L;

    @Override
    public TypeInformation<ChangeEvent> getProducedType() {
      return TypeInformation.of(ChangeEvent.class);
    }

    @Override
    public void deserialize(SourceRecord record, Collector<ChangeEvent> out) {
      Struct row = ((Struct) record.value()).getStruct("after");
      out.collect(
          row.schema().field("id") == null
              ? ChangeEvent.ofHeartbeat((short) 0, 0, 1, 1)
              : ChangeEvent.ofRow(
                  (short) 0, (short) 0, new String[] {row.get("id").toString()}, 0));
    }
  }
}
