package io.reshard.job.change;

import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.PostgresReplicationConnection;
import io.debezium.relational.TableId;
import io.debezium.relational.history.TableChanges.TableChange;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.cdc.connectors.base.config.JdbcSourceConfig;
import org.apache.flink.cdc.connectors.base.source.meta.offset.Offset;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitBase;
import org.apache.flink.cdc.connectors.base.source.reader.external.FetchTask;
import org.apache.flink.cdc.connectors.base.source.reader.external.JdbcSourceFetchTaskContext;
import org.apache.flink.cdc.connectors.postgres.source.PostgresDialect;
import org.apache.flink.cdc.connectors.postgres.source.config.PostgresSourceConfig;

/**
 * The connector's access to a shard, replaced: through our own sessions, which go where the shard's
 * URL says, and with our own reading of the slot. It never creates a slot.
 */
final class SlotDialect extends PostgresDialect {

  private static final long serialVersionUID = 1L;

  private final ChangeSourceSettings settings;
  private transient volatile SlotFetchTask task;

  SlotDialect(ChangeSourceSettings settings, PostgresSourceConfig connector) {
    super(connector);
    this.settings = settings;
  }

  /** The enumerator asks it for the slot, and for nothing else. */
  @Override
  public PostgresConnection openJdbcConnection(JdbcSourceConfig connector) {
    return new SlotConnection(settings, connector);
  }

  /** The enumerator asks for this only in order to create a slot that it does not find. */
  @Override
  public PostgresReplicationConnection openPostgresReplicationConnection(
      PostgresConnection connection) {
    throw SlotGuard.missing(settings);
  }

  @Override
  public Offset displayCommittedOffset(JdbcSourceConfig connector) {
    return StreamPosition.offset(SlotGuard.position(settings));
  }

  /** The stream itself describes the tables. The connector adds to this map. */
  @Override
  public Map<TableId, TableChange> discoverDataCollectionSchemas(JdbcSourceConfig connector) {
    return new HashMap<>();
  }

  @Override
  public JdbcSourceFetchTaskContext createFetchTaskContext(JdbcSourceConfig connector) {
    return new SlotFetchContext(settings, connector, this);
  }

  @Override
  public FetchTask<SourceSplitBase> createFetchTask(SourceSplitBase split) {
    task = new SlotFetchTask(settings, split);
    return task;
  }

  /**
   * Confirms what a completed checkpoint covers.
   *
   * <p>A checkpoint that was taken before the reader had its split holds no offset, and covers
   * nothing of what has been read since.
   */
  @Override
  public void notifyCheckpointComplete(long checkpointId, Offset offset) {
    SlotFetchTask reading = task;
    if (reading != null && offset != null) {
      reading.confirm(StreamPosition.of(offset));
    }
  }
}
