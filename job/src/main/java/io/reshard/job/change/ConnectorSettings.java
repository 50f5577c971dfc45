package io.reshard.job.change;

import java.time.Duration;
import org.apache.flink.cdc.connectors.base.options.StartupOptions;
import org.apache.flink.cdc.connectors.postgres.source.config.PostgresSourceConfigFactory;

/**
 * The connector's settings for one shard. It asks for the names of a host and a role, but all
 * sessions are opened by {@link SlotDialect} and {@link SlotStream}; so no secret is among what it
 * writes to the log (FLINK-38685).
 */
final class ConnectorSettings {

  private ConnectorSettings() {}

  static PostgresSourceConfigFactory of(ChangeSourceSettings settings) {
    PostgresSourceConfigFactory factory = new PostgresSourceConfigFactory();
    factory.hostname(settings.endpoint().host());
    factory.port(settings.endpoint().port());
    factory.database(settings.endpoint().database());
    factory.username("");
    factory.password("");
    factory.slotName(settings.slot());
    factory.decodingPluginName("pgoutput");
    factory.startupOptions(StartupOptions.committed());
    // The operation's own heartbeat moves the slot.
    factory.heartbeatInterval(Duration.ZERO);
    factory.setLsnCommitCheckpointsDelay(0);
    factory.includeSchemaChanges(false);
    return factory;
  }
}
