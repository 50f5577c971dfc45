package io.reshard.testkit;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * The union of one table's owned rows over all shards of a side, in key order, each key once. For
 * use by one thread.
 */
final class MergedRows implements AutoCloseable {
  private final List<ShardRowStream> streams = new ArrayList<>();
  private final BiConsumer<KeyedRow, String> onDuplicate;
  private KeyedRow current;
  private String currentShard = "";
  private long rows;

  /**
   * {@code onDuplicate} is given each further row with a key that another shard has delivered, and
   * its shard.
   */
  MergedRows(List<OwnedShard> shards, TableShape shape, BiConsumer<KeyedRow, String> onDuplicate) {
    this.onDuplicate = onDuplicate;
    for (OwnedShard shard : shards) {
      streams.add(new ShardRowStream(shard, shape));
    }
  }

  /** Moves to the next key; afterwards {@link #current} is null at the end. */
  void advance() throws SQLException {
    KeyedRow previous = current;
    take();
    while (current != null && current.sameKey(previous)) {
      onDuplicate.accept(current, currentShard);
      take();
    }
  }

  KeyedRow current() {
    return current;
  }

  String currentShard() {
    return currentShard;
  }

  /** Rows delivered so far, duplicates included. */
  long rows() {
    return rows;
  }

  /** Rows that one shard has delivered so far. */
  long rowsOf(String shard) {
    return streams.stream()
        .filter(stream -> stream.shardId().equals(shard))
        .mapToLong(ShardRowStream::delivered)
        .sum();
  }

  private void take() throws SQLException {
    ShardRowStream smallest = null;
    for (ShardRowStream stream : streams) {
      KeyedRow row = stream.peek();
      if (row != null && (smallest == null || row.compareTo(smallest.peek()) < 0)) {
        smallest = stream;
      }
    }
    current = smallest == null ? null : smallest.next();
    if (smallest != null) {
      currentShard = smallest.shardId();
      rows++;
    }
  }

  @Override
  public void close() {
    streams.forEach(ShardRowStream::close);
  }
}
