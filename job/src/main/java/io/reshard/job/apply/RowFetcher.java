package io.reshard.job.apply;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.routing.RoutingSql;
import io.reshard.job.Migration;
import io.reshard.job.change.ChangeEvent;
import io.reshard.job.target.Failures;
import java.sql.SQLException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.metrics.Counter;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Gathers changed keys and reads their rows again from their source. A key that changed many times
 * is read once. Every target that could hold the key is told: the row's owner gets the row, all
 * others learn that it is not theirs. Where the key says who owns its row no other target can hold
 * it. Flushed on every watermark and before every barrier.
 */
public final class RowFetcher extends AbstractStreamOperator<ChangeBlock>
    implements OneInputStreamOperator<ChangeEvent, ChangeBlock> {
  private static final long serialVersionUID = 1L;

  /**
   * What a statement costs is shared by its keys, on the source and on every target, and a hot row
   * is read once for all its changes in a batch. A batch waits no longer than for a heartbeat.
   */
  private static final int BATCH_KEYS = 1000;

  private final Migration migration;
  private transient Map<Integer, KeyBatch> batches;
  private transient Map<Integer, SourceReader> readers;
  private transient Counter keysFetched;
  private transient Counter rowsRead;
  private transient Counter bytesRead;
  private transient int lane;

  public RowFetcher(Migration migration) {
    this.migration = migration;
  }

  @Override
  public void open() throws Exception {
    super.open();
    batches = new LinkedHashMap<>();
    readers = new HashMap<>();
    keysFetched = getMetricGroup().counter("keysFetched");
    rowsRead = getMetricGroup().counter("rowsRead");
    bytesRead = getMetricGroup().counter("bytesRead");
    lane = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
  }

  @Override
  public void processElement(StreamRecord<ChangeEvent> element) throws Exception {
    ChangeEvent event = element.getValue();
    int tables = migration.plan().tables().size();
    KeyBatch batch =
        batches.computeIfAbsent(
            event.source * tables + event.table, key -> new KeyBatch(event.source, event.table));
    batch.add(event.key, event.transactionId);
    if (batch.size() >= BATCH_KEYS) {
      batches.remove(event.source * tables + event.table);
      fetch(batch);
    }
  }

  private void fetch(KeyBatch batch) throws InterruptedException {
    List<Integer> targets = migration.targetsOf(batch.source());
    Map<Integer, OwnedRows> rows = new HashMap<>();
    SourceReader reader = null;
    try {
      reader = reader(batch.source());
      reader.read(
          batch,
          (owner, place, hash, tuple) ->
              rows.computeIfAbsent(owner, key -> new OwnedRows()).add(place, hash, tuple));
      if (rows.containsKey(RoutingSql.STRAY)) {
        throw Failures.of(stray(batch, reader.findStray(batch)));
      }
    } catch (SQLException e) {
      if (reader == null) {
        throw new IllegalStateException(
            "cannot connect to " + migration.plan().shardIds().get(batch.source()), e);
      }
      throw reader.failed(batch, e);
    }
    if (rows.containsKey(RoutingSql.NOBODY)) {
      throw Failures.of(ownedByNobody(batch));
    }
    BitSet elsewhere = new BitSet();
    if (migration.table(batch.table()).ownerFollowsKey()) {
      rows.values().forEach(owned -> elsewhere.or(owned.places()));
    }
    for (int target : targets) {
      OwnedRows owned = rows.getOrDefault(target, OwnedRows.NONE);
      BitSet places = batch.places();
      places.andNot(elsewhere);
      places.or(owned.places());
      if (!places.isEmpty()) {
        output.collect(new StreamRecord<>(new ChangeBlock(lane, batch, places, target, owned)));
      }
    }
    keysFetched.inc(batch.size());
    for (OwnedRows owned : rows.values()) {
      rowsRead.inc(owned.rows());
      bytesRead.inc(owned.bytes());
    }
  }

  /**
   * It may be the only copy of a row, which no target would get and a retired source takes along.
   */
  private ReshardingException stray(KeyBatch batch, Optional<String> key) {
    String source = migration.plan().shardIds().get(batch.source());
    return new ReshardingException(
        ErrorCode.STRAY_ROW,
        "%s was given a row of %s that it does not own (primary key %s): move it to its shard or delete it, then 'reshard resume'"
            .formatted(
                source,
                migration.table(batch.table()).displayName(),
                key.map(text -> "(" + text + ")").orElse("unknown, it is gone by now")));
  }

  /** On the way back: a key that only the new topology lists has no place to go back to. */
  private ReshardingException ownedByNobody(KeyBatch batch) {
    return new ReshardingException(
        ErrorCode.STRAY_ROW,
        "a row of %s that was written on %s has a key that belongs to no shard of version %d"
            .formatted(
                migration.table(batch.table()).displayName(),
                migration.plan().shardIds().get(batch.source()),
                migration.plan().target().version()));
  }

  private SourceReader reader(int source) throws SQLException {
    SourceReader reader = readers.get(source);
    if (reader == null) {
      reader =
          new SourceReader(migration, migration.plan().shardIds().get(source), "fetcher " + lane);
      readers.put(source, reader);
    }
    return reader;
  }

  private void flush() throws InterruptedException {
    Map<Integer, KeyBatch> due = batches;
    batches = new LinkedHashMap<>();
    for (KeyBatch batch : due.values()) {
      fetch(batch);
    }
  }

  @Override
  public void processWatermark(Watermark mark) throws Exception {
    flush();
    output.emitWatermark(mark);
  }

  @Override
  public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
    flush();
  }

  @Override
  public void close() throws Exception {
    if (readers != null) {
      for (SourceReader reader : readers.values()) {
        reader.close();
      }
    }
    super.close();
  }
}
