package io.reshard.job.copy;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.PlannedTable;
import io.reshard.job.Migration;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;

/** Runs in the reader's fetcher thread: one COPY per split, one session per source. */
@SuppressWarnings("try") // Flink declares close() with every exception.
final class CopySplitReader implements SplitReader<CopyBlock, CopySplit> {
  private final Migration migration;
  private final int subtask;
  private final Queue<CopySplit> waiting = new ArrayDeque<>();
  private final Map<String, Connection> connections = new HashMap<>();
  private SplitRead current;

  CopySplitReader(Migration migration, int subtask) {
    this.migration = migration;
    this.subtask = subtask;
  }

  @Override
  public void handleSplitsChanges(SplitsChange<CopySplit> change) {
    if (!(change instanceof SplitsAddition)) {
      throw new UnsupportedOperationException("splits are only added, not " + change);
    }
    waiting.addAll(change.splits());
  }

  /** The next block. With nothing to read the caller parks this thread until splits are added. */
  @Override
  public RecordsWithSplitIds<CopyBlock> fetch() throws IOException {
    RecordsBySplits.Builder<CopyBlock> records = new RecordsBySplits.Builder<>();
    if (current == null) {
      CopySplit next = waiting.poll();
      if (next == null) {
        return records.build();
      }
      current = open(next);
    }
    try {
      List<CopyBlock> blocks = current.next();
      records.addAll(current.split().splitId(), blocks);
      if (current.finished()) {
        records.addFinishedSplit(current.split().splitId());
        current = null;
      }
      return records.build();
    } catch (SQLException e) {
      throw failed(current.split(), e);
    }
  }

  private SplitRead open(CopySplit split) throws IOException {
    PlannedTable table = migration.table(split.split().table());
    String source = split.split().source();
    try {
      Connection connection = connections.get(source);
      if (connection == null || connection.isClosed()) {
        connection = connect(source);
        connections.put(source, connection);
      }
      return new SplitRead(split, table, migration.plan(), connection);
    } catch (SQLException e) {
      throw failed(split, e);
    }
  }

  private Connection connect(String source) throws SQLException {
    return ReadSession.open(
        migration.endpoint(source), "reshard " + migration.operationId() + " reader " + subtask);
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
    // A fetch ends with the next block, so nothing waits here for long.
  }

  @Override
  public void close() throws Exception {
    List<SQLException> failures = new ArrayList<>();
    for (Connection connection : connections.values()) {
      try {
        // Aborting needs no answer of a server that may still be sending rows.
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        failures.add(e);
      }
    }
    if (!failures.isEmpty()) {
      throw failures.get(0);
    }
  }
}
