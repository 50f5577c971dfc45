package io.reshard.job.change;

import io.debezium.connector.base.ChangeEventQueue;
import io.debezium.pipeline.DataChangeEvent;
import java.nio.ByteBuffer;
import java.sql.SQLException;
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

  /** As many messages are decoded between two looks at the queue. */
  private static final int MESSAGES = 1024;

  /** A batch holds no more keys than this, be it that nobody takes it or that we are behind. */
  private static final int MAXIMUM_KEYS = 8192;

  /** What was committed longer ago than this, in milliseconds, is read behind its time. */
  private static final long BEHIND_MILLIS = 1000;

  /** While behind, a batch gathers for so long: a hot key in it is told, read and written once. */
  private static final long GATHERING_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

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
    long handedOnNanos = System.nanoTime();
    ChangedKeys changed = new ChangedKeys();
    while (isRunning()) {
      stream.confirm(confirmed);
      boolean idle = !decode(stream, decoder, changed);
      // The queue itself would wait without a sign of life to the server, and without an end.
      boolean full = queue.remainingCapacity() == 0;
      boolean gathering =
          !idle
              && changed.size() < MAXIMUM_KEYS
              && System.nanoTime() - handedOnNanos < GATHERING_NANOS
              && System.currentTimeMillis() - decoder.commitMillis() > BEHIND_MILLIS;
      if (!full && !gathering && (changed.size() > 0 || decoder.position() > handedOn)) {
        handedOn = decoder.position();
        queue.enqueue(
            new DataChangeEvent(
                new ChangeBatch(changed.events(), handedOn, decoder.commitMillis())));
        changed = new ChangedKeys();
        handedOnNanos = System.nanoTime();
      }
      if (idle || (full && changed.size() >= MAXIMUM_KEYS)) {
        rest();
      }
    }
  }

  /** Decodes what has arrived, if there is room for it; returns whether there may be more. */
  private static boolean decode(SlotStream stream, StreamDecoder decoder, ChangedKeys changed)
      throws SQLException {
    for (int i = 0; i < MESSAGES && changed.size() < MAXIMUM_KEYS; i++) {
      ByteBuffer message = stream.next();
      if (message == null) {
        decoder.idle(stream.received());
        return false;
      }
      decoder.decode(message, changed::add);
    }
    return true;
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
