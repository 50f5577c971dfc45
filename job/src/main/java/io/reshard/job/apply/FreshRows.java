package io.reshard.job.apply;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.job.Migration;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads rows by key as they are now, beside the stream of changes. Keeps its sessions. Not
 * thread-safe.
 */
final class FreshRows implements RowSource {
  private final Migration migration;
  private final String name;
  private final Map<Integer, SourceReader> readers = new HashMap<>();

  /**
   * The rows of all sources.
   *
   * @param name what the sessions are called
   */
  FreshRows(Migration migration, String name) {
    this.migration = migration;
    this.name = name;
  }

  @Override
  public ChangeBlock read(int table, int source, int target, Collection<List<String>> keys) {
    KeyBatch batch = new KeyBatch(source, table);
    keys.forEach(batch::add);
    OwnedRows rows = new OwnedRows();
    try {
      reader(source)
          .read(
              batch,
              (owner, place, hash, tuple) -> {
                if (owner == target) {
                  rows.add(place, hash, tuple);
                }
              });
    } catch (SQLException e) {
      throw new ReshardingException(
          ErrorCode.REPLICATION_FAILED,
          "reading rows of %s again on %s failed: %s"
              .formatted(
                  migration.table(table).displayName(),
                  migration.plan().shardIds().get(source),
                  e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReshardingException(ErrorCode.REPLICATION_FAILED, "the task was ended", e);
    }
    return new ChangeBlock(0, batch, batch.places(), target, rows);
  }

  private SourceReader reader(int source) throws SQLException {
    SourceReader reader = readers.get(source);
    if (reader == null) {
      reader = new SourceReader(migration, migration.plan().shardIds().get(source), name);
      readers.put(source, reader);
    }
    return reader;
  }

  @Override
  public void close() throws SQLException {
    for (SourceReader reader : readers.values()) {
      reader.close();
    }
  }
}
