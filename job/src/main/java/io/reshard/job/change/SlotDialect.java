package io.reshard.job.change;

import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresObjectUtils;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.PostgresReplicationConnection;
import java.sql.SQLException;
import org.apache.flink.cdc.connectors.base.config.JdbcSourceConfig;
import org.apache.flink.cdc.connectors.base.relational.connection.JdbcConnectionPoolFactory;
import org.apache.flink.cdc.connectors.base.source.meta.offset.Offset;
import org.apache.flink.cdc.connectors.base.source.reader.external.JdbcSourceFetchTaskContext;
import org.apache.flink.cdc.connectors.postgres.source.PostgresDialect;
import org.apache.flink.cdc.connectors.postgres.source.config.PostgresSourceConfig;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffset;

/** The connector's access to a shard, without what would lose changes or create slots. */
final class SlotDialect extends PostgresDialect {

  private static final long serialVersionUID = 1L;

  private final ChangeSourceSettings settings;

  SlotDialect(ChangeSourceSettings settings, PostgresSourceConfig connector) {
    super(connector);
    this.settings = settings;
  }

  /**
   * Opens a connection of its own. The connector's pool is one for the whole process, and the first
   * source that closes shuts it for all others.
   */
  @Override
  public PostgresConnection openJdbcConnection(JdbcSourceConfig connector) {
    PostgresConnectorConfig debezium = ((PostgresSourceConfig) connector).getDbzConnectorConfig();
    PostgresConnection connection =
        new PostgresConnection(
            debezium.getJdbcConfig(),
            PostgresObjectUtils.newPostgresValueConverterBuilder(debezium),
            "reshard-change-source");
    try {
      connection.connect();
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw new ChangeCaptureException("Cannot connect to " + settings, e);
    }
  }

  /** There is no pool to close, see {@link #openJdbcConnection}. */
  @Override
  public void close() {}

  @Override
  public JdbcConnectionPoolFactory getPooledDataSourceFactory() {
    throw new UnsupportedOperationException("The change source uses no connection pool");
  }

  /** The enumerator asks for this only in order to create a slot that it does not find. */
  @Override
  public PostgresReplicationConnection openPostgresReplicationConnection(
      PostgresConnection connection) {
    throw SlotGuard.missing(settings);
  }

  @Override
  public JdbcSourceFetchTaskContext createFetchTaskContext(JdbcSourceConfig connector) {
    return new SlotFetchContext(settings, connector, this);
  }

  /**
   * Confirms what a completed checkpoint covers.
   *
   * <p>Without an offset, the connector would confirm whatever it has read by now:
   *
   * <ol>
   *   <li>a checkpoint is taken before the reader has got its split, so it holds no offset;
   *   <li>the split arrives, and transactions are read from the slot;
   *   <li>the checkpoint completes: they would be confirmed, and no checkpoint covers them.
   * </ol>
   *
   * <p>A rewound offset, of a checkpoint between a restore and the first change, says nothing new.
   */
  @Override
  public void notifyCheckpointComplete(long checkpointId, Offset offset) throws Exception {
    if (offset != null && ((PostgresOffset) offset).getLsn().isValid()) {
      super.notifyCheckpointComplete(checkpointId, offset);
    }
  }
}
