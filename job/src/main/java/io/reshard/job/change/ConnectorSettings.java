package io.reshard.job.change;

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.cdc.connectors.base.options.StartupOptions;
import org.apache.flink.cdc.connectors.postgres.source.config.PostgresSourceConfigFactory;

/** The connector's settings for one shard. */
final class ConnectorSettings {

  static final String HEARTBEAT_SCHEMA = "reshard";
  static final String HEARTBEAT_TABLE = "heartbeat";

  /**
   * Stands for a value that PostgreSQL left out of an update. Not the connector's default, so that
   * no application's key can look like it by accident.
   */
  static final String UNAVAILABLE = "__reshard_unavailable_6f1d9c1e__";

  /**
   * How long the connector rests when nothing arrives, and how long it collects a batch. At most, a
   * change waits for both, one after the other.
   */
  private static final Duration POLL_INTERVAL = Duration.ofMillis(10);

  private static final int BATCH_SIZE = 2048;
  private static final int QUEUE_SIZE = 4 * BATCH_SIZE;

  /** A predecessor's session keeps the slot for a moment after a failure. */
  private static final Duration SLOT_RETRY_DELAY = Duration.ofMillis(250);

  private static final int SLOT_RETRIES = 120;

  /** How often the server hears from us while we are too busy to read: it gives up after 60 s. */
  private static final Duration STATUS_INTERVAL = Duration.ofSeconds(2);

  private ConnectorSettings() {}

  static PostgresSourceConfigFactory of(ChangeSourceSettings settings) {
    PostgresSourceConfigFactory factory = new PostgresSourceConfigFactory();
    factory.hostname(settings.host());
    factory.port(settings.port());
    factory.database(settings.database());
    factory.username(settings.user());
    // The connector logs all its settings. The password reaches the driver by PasswordPlugin.
    factory.password("");
    factory.slotName(settings.slot());
    factory.decodingPluginName("pgoutput");
    factory.tableList(tableList(settings.tables()));
    factory.startupOptions(StartupOptions.committed());
    // The operation's own heartbeat moves the slot.
    factory.heartbeatInterval(Duration.ZERO);
    factory.setLsnCommitCheckpointsDelay(0);
    factory.setIncludePartitionedTables(true);
    factory.includeSchemaChanges(false);
    factory.debeziumProperties(debezium(settings));
    return factory;
  }

  private static Properties debezium(ChangeSourceSettings settings) {
    Properties properties = new Properties();
    PasswordPlugin.configure(properties, settings);
    properties.setProperty("publication.name", settings.publication());
    properties.setProperty("publication.autocreate.mode", "disabled");
    properties.setProperty("slot.drop.on.stop", "false");
    properties.setProperty("slot.max.retries", Integer.toString(SLOT_RETRIES));
    properties.setProperty("slot.retry.delay.ms", Long.toString(SLOT_RETRY_DELAY.toMillis()));
    properties.setProperty("status.update.interval.ms", Long.toString(STATUS_INTERVAL.toMillis()));
    properties.setProperty("column.include.list", columnList(settings.tables()));
    properties.setProperty("truncate.handling.mode", "include");
    properties.setProperty("tombstones.on.delete", "false");
    properties.setProperty("decimal.handling.mode", "string");
    properties.setProperty("time.precision.mode", "adaptive");
    properties.setProperty("unavailable.value.placeholder", UNAVAILABLE);
    properties.setProperty("event.processing.failure.handling.mode", "fail");
    properties.setProperty("poll.interval.ms", Long.toString(POLL_INTERVAL.toMillis()));
    properties.setProperty("max.batch.size", Integer.toString(BATCH_SIZE));
    properties.setProperty("max.queue.size", Integer.toString(QUEUE_SIZE));
    return properties;
  }

  private static String[] tableList(List<CapturedTable> tables) {
    return Stream.concat(
            Stream.of(qualified(HEARTBEAT_SCHEMA, HEARTBEAT_TABLE)),
            tables.stream().flatMap(ConnectorSettings::qualified))
        .distinct()
        .toArray(String[]::new);
  }

  /** Columns outside the key need not be converted where a publication has them all. */
  private static String columnList(List<CapturedTable> tables) {
    return Stream.concat(
            Stream.of(qualified(HEARTBEAT_SCHEMA, HEARTBEAT_TABLE) + "\\..*"),
            tables.stream().flatMap(ConnectorSettings::qualifiedColumns))
        .distinct()
        .collect(Collectors.joining(","));
  }

  private static Stream<String> qualifiedColumns(CapturedTable table) {
    return qualified(table)
        .flatMap(
            name ->
                table.keyColumns().stream()
                    .flatMap(column -> bothForms(column.name()))
                    .map(column -> name + "\\." + column));
  }

  /** The table as the catalog names it, and as it is named in the stream. */
  private static Stream<String> qualified(CapturedTable table) {
    return Stream.of(
        qualified(table.schema(), table.table()),
        qualified(
            ConnectorNames.onTheWire(table.schema()), ConnectorNames.onTheWire(table.table())));
  }

  private static Stream<String> bothForms(String name) {
    return Stream.of(
        ConnectorNames.literal(name), ConnectorNames.literal(ConnectorNames.onTheWire(name)));
  }

  private static String qualified(String schema, String table) {
    return ConnectorNames.literal(schema) + "\\." + ConnectorNames.literal(table);
  }
}
