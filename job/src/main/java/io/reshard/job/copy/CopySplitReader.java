package io.reshard.job.copy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.throttle.ReadThrottle;
import io.reshard.job.Migration;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;

/**
 * Runs in the reader's fetcher thread: one COPY per split, one session per source.
 *
 * <p>A split whose bytes have to be waited for is handed on once it has been read to its end, and
 * one of which something was handed on waits no more. From its first block on a transaction that
 * has written is open on the target, and if that server is a source as well, no slot there lets go
 * of write-ahead log from before: (1) the first block of a split is written; (2) the rate allows
 * the second one a minute later; (3) every slot of the server keeps the log of that minute.
 */
final class CopySplitReader implements SplitReader<CopyBlock, CopySplit> {
  private static final long LONGEST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /**
   * Twice of what the planner cuts splits to, as it goes by statistics. What a split has more is
   * neither held in memory nor read without waiting.
   */
  private static final long MOST_HELD_BYTES = 64_000_000;

  private final Migration migration;
  private final Queue<CopySplit> waiting = new ArrayDeque<>();
  private final CopySessions sessions;
  private final ReadThrottle throttle;
  private final Semaphore wakeUps = new Semaphore(0);

  /** What has been read of the current split and was not handed on yet. */
  private final List<CopyBlock> held = new ArrayList<>();

  private long readBytes;
  private boolean handedOn;
  private SplitRead current;

  CopySplitReader(Migration migration, int subtask) {
    this.migration = migration;
    this.throttle = new ReadThrottle(migration.plan(), migration.secrets());
    this.sessions = new CopySessions(migration, subtask);
  }

  @Override
  public void handleSplitsChanges(SplitsChange<CopySplit> change) {
    if (!(change instanceof SplitsAddition)) {
      throw new UnsupportedOperationException("splits are only added, not " + change);
    }
    waiting.addAll(change.splits());
  }

  /**
   * The next block, or none if it has to wait. With nothing to read the caller parks this thread
   * until splits are added.
   */
  @Override
  public RecordsWithSplitIds<CopyBlock> fetch() throws IOException {
    RecordsBySplits.Builder<CopyBlock> records = new RecordsBySplits.Builder<>();
    if (current != null || begin()) {
      String source = current.split().split().source();
      try {
        long nanos = mayWait() ? throttle.nanosToWait(source) : 0;
        if (nanos > 0) {
          rest(nanos);
        } else {
          read(source, records);
        }
      } catch (SQLException e) {
        throw failed(current.split(), e);
      }
    }
    return records.build();
  }

  /** Begins the first split that the throttle lets pass; if there is none, waits for a while. */
  private boolean begin() throws IOException {
    for (CopySplit split : waiting) {
      try {
        if (throttle.begin(split.split().source())) {
          waiting.remove(split);
          current = open(split);
          return true;
        }
      } catch (SQLException e) {
        throw failed(split, e);
      }
    }
    if (!waiting.isEmpty()) {
      rest(LONGEST_REST_NANOS);
    }
    return false;
  }

  /** Not for long: the throttle can change meanwhile. */
  private void rest(long nanos) {
    try {
      if (wakeUps.tryAcquire(Math.min(nanos, LONGEST_REST_NANOS), TimeUnit.NANOSECONDS)) {
        wakeUps.drainPermits();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean mayWait() {
    return !handedOn || readBytes > MOST_HELD_BYTES;
  }

  private void read(String source, RecordsBySplits.Builder<CopyBlock> records) throws SQLException {
    List<CopyBlock> blocks = current.next();
    long bytes = blocks.stream().mapToLong(block -> block.tuples.length).sum();
    throttle.spend(source, bytes);
    held.addAll(blocks);
    readBytes += bytes;
    if (current.finished() || handedOn || !throttle.isPaced() || readBytes > MOST_HELD_BYTES) {
      records.addAll(current.split().splitId(), List.copyOf(held));
      held.clear();
      handedOn = true;
    }
    if (current.finished()) {
      records.addFinishedSplit(current.split().splitId());
      throttle.end(source);
      current = null;
      readBytes = 0;
      handedOn = false;
    }
  }

  private SplitRead open(CopySplit split) throws SQLException {
    PlannedTable table = migration.table(split.split().table());
    Connection session = sessions.of(split.split().source());
    return new SplitRead(split, table, migration.plan(), session);
  }

  private IOException failed(CopySplit split, SQLException cause) {
    String message =
        "reading split %s of %s on %s failed: %s"
            .formatted(
                split.splitId(),
                migration.table(split.split().table()).displayName(),
                split.split().source(),
                cause.getMessage());
    return new IOException(new ReshardingException(ErrorCode.COPY_FAILED, message, cause));
  }

  @Override
  public void wakeUp() {
    // A fetch ends with the next block, so nothing but a rest waits for long.
    wakeUps.release();
  }

  @Override
  public void close() throws SQLException {
    throttle.close();
    sessions.close();
  }
}
