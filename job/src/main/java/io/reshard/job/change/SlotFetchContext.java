package io.reshard.job.change;

import io.debezium.connector.postgresql.connection.PostgresConnection;
import java.sql.SQLException;
import org.apache.flink.cdc.connectors.base.config.JdbcSourceConfig;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitBase;
import org.apache.flink.cdc.connectors.postgres.source.fetch.PostgresSourceFetchTaskContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The connector's reading of a slot, with a check before it starts and a way out at its end. */
final class SlotFetchContext extends PostgresSourceFetchTaskContext {

  private static final Logger LOG = LoggerFactory.getLogger(SlotFetchContext.class);

  /** More than the queue can hold, so that draining has an end. */
  private static final int MAX_DRAINED_BATCHES = 1000;

  private final ChangeSourceSettings settings;
  private final SlotDialect dialect;

  SlotFetchContext(ChangeSourceSettings settings, JdbcSourceConfig connector, SlotDialect dialect) {
    super(connector, dialect);
    this.settings = settings;
    this.dialect = dialect;
  }

  @Override
  public void configure(SourceSplitBase split) {
    long position = StreamPosition.of(split.asStreamSplit().getStartingOffset().getOffset());
    try (PostgresConnection connection = dialect.openJdbcConnection()) {
      SlotGuard.requireSlot(connection, settings, position);
      for (CapturedTable table : settings.tables()) {
        LookAlikes.refuse(connection, table);
      }
    } catch (SQLException e) {
      throw new ChangeCaptureException("Cannot read the catalog of " + settings, e);
    }
    super.configure(split);
  }

  /**
   * Closes the connections, and then empties the queue: the thread that reads the slot blocks for
   * ever where it finds the queue full, and nobody interrupts it.
   */
  @Override
  public void close() throws Exception {
    super.close();
    if (getQueue() == null) {
      return;
    }
    try {
      int batches = 0;
      while (batches < MAX_DRAINED_BATCHES && !getQueue().poll().isEmpty()) {
        batches++;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.debug("The reading of the slot ended with an error while it was being closed", e);
    }
  }
}
