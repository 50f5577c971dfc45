package io.reshard.job.change;

import io.debezium.connector.base.ChangeEventQueue;
import io.debezium.pipeline.DataChangeEvent;
import io.debezium.util.LoggingContext;
import java.time.Duration;
import org.apache.flink.cdc.connectors.base.config.JdbcSourceConfig;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitBase;
import org.apache.flink.cdc.connectors.postgres.source.fetch.PostgresSourceFetchTaskContext;
import org.apache.kafka.connect.source.SourceRecord;

/** What the reading of a slot shares with the connector: a queue, and a check before it starts. */
final class SlotFetchContext extends PostgresSourceFetchTaskContext {

  private static final Duration POLL_INTERVAL = Duration.ofMillis(200);

  /** In batches, which grow while nobody takes them. */
  private static final int QUEUE_SIZE = 2;

  private final ChangeSourceSettings settings;
  private ChangeEventQueue<DataChangeEvent> queue;

  SlotFetchContext(ChangeSourceSettings settings, JdbcSourceConfig connector, SlotDialect dialect) {
    super(connector, dialect);
    this.settings = settings;
  }

  @Override
  public void configure(SourceSplitBase split) {
    SlotGuard.requireSlot(settings, StreamPosition.of(split.asStreamSplit().getStartingOffset()));
    queue =
        new ChangeEventQueue.Builder<DataChangeEvent>()
            .pollInterval(POLL_INTERVAL)
            // The reader is woken by a single batch.
            .maxBatchSize(1)
            .maxQueueSize(QUEUE_SIZE)
            .loggingContextSupplier(
                () -> LoggingContext.forConnector("postgres", "changes", "slot"))
            .build();
  }

  @Override
  public ChangeEventQueue<DataChangeEvent> getQueue() {
    return queue;
  }

  /** The connector asks in order to leave out what a snapshot holds; there is none. */
  @Override
  public boolean isDataChangeRecord(SourceRecord record) {
    return false;
  }
}
