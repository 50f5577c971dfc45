package io.reshard.job.change;

import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.spi.SlotState;
import org.apache.flink.cdc.connectors.base.config.JdbcSourceConfig;
import org.apache.flink.cdc.connectors.postgres.source.config.PostgresSourceConfig;

/** Answers the connector's question for the slot, and is otherwise never opened. */
final class SlotConnection extends PostgresConnection {

  private final ChangeSourceSettings settings;

  SlotConnection(ChangeSourceSettings settings, JdbcSourceConfig connector) {
    super(
        ((PostgresSourceConfig) connector).getDbzConnectorConfig().getJdbcConfig(),
        "reshard-change-source");
    this.settings = settings;
  }

  @Override
  public SlotState getReplicationSlotState(String slot, String plugin) {
    Lsn position = Lsn.valueOf(SlotGuard.position(settings));
    return new SlotState(position, position, null, false);
  }
}
