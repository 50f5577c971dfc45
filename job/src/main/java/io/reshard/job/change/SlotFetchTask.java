package io.reshard.job.change;

import io.debezium.connector.base.ChangeEventQueue;
import io.debezium.pipeline.DataChangeEvent;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitBase;
import org.apache.flink.cdc.connectors.base.source.reader.external.FetchTask;
import org.postgresql.util.PSQLState;

/**
 * Reads a slot into the connector's queue. The connector's own task turns each change into a tree
 * of values by way of the catalog, at five times the cost; here only keys are wanted.
 */
final class SlotFetchTask implements FetchTask<SourceSplitBase> {

  private static final int BATCH_SIZE = 1024;

  /** How long to rest where nothing arrives or nobody takes; the driver cannot wake us. */
  private static final long REST_MILLIS = 2;

  /** A predecessor's session keeps the slot for a moment after a failure. */
  private static final long SLOT_RETRY_MILLIS = 250;

  private static final int SLOT_RETRIES = 120;

  private final ChangeSourceSettings settings;
  private final SourceSplitBase split;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile long confirmed;

  SlotFetchTask(ChangeSourceSettings settings, SourceSplitBase split) {
    this.settings = settings;
    this.split = split;
  }

  /** Lets the slot move on to a position that a completed checkpoint covers. */
  void confirm(long position) {
    confirmed = position;
  }

  @Override
  public void execute(Context context) throws Exception {
    long start = StreamPosition.of(split.asStreamSplit().getStartingOffset());
    try (SlotStream stream = open()) {
      read(stream, new StreamDecoder(settings, start), context.getQueue());
    } catch (Error e) {
      // The connector hands on exceptions only.
      throw new ChangeCaptureException("The reading of " + settings + " broke", e);
    }
  }

  private SlotStream open() throws SQLException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return SlotStream.open(settings);
      } catch (SQLException e) {
        boolean inUse = PSQLState.OBJECT_IN_USE.getState().equals(e.getSQLState());
        if (!inUse || attempt == SLOT_RETRIES || !isRunning()) {
          throw e;
        }
      }
      closing.await(SLOT_RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void read(
      SlotStream stream, StreamDecoder decoder, ChangeEventQueue<DataChangeEvent> queue)
      throws SQLException, InterruptedException {
    long handedOn = decoder.position();
    while (isRunning()) {
      stream.confirm(confirmed);
      List<ChangeEvent> events = new ArrayList<>();
      ByteBuffer message = null;
      for (int i = 0; i < BATCH_SIZE && (message = stream.next()) != null; i++) {
        decoder.decode(message, events::add);
      }
      if (!events.isEmpty() || decoder.position() > handedOn) {
        if (!awaitRoom(stream, queue)) {
          return;
        }
        handedOn = decoder.position();
        ChangeBatch batch = new ChangeBatch(events, handedOn, decoder.commitMillis());
        queue.enqueue(new DataChangeEvent(batch));
      }
      if (message == null) {
        rest();
      }
    }
  }

  /** The queue itself would wait without a sign of life to the server, and without an end. */
  private boolean awaitRoom(SlotStream stream, ChangeEventQueue<DataChangeEvent> queue)
      throws SQLException, InterruptedException {
    while (queue.remainingCapacity() == 0 && isRunning()) {
      stream.confirm(confirmed);
      rest();
    }
    return isRunning();
  }

  private void rest() throws InterruptedException {
    closing.await(REST_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Override
  public boolean isRunning() {
    return closing.getCount() > 0;
  }

  @Override
  public SourceSplitBase getSplit() {
    return split;
  }

  @Override
  public void close() {
    closing.countDown();
  }
}
