package io.reshard.job.change;

import java.io.IOException;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.cdc.connectors.base.source.meta.offset.OffsetFactory;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitBase;
import org.apache.flink.cdc.connectors.base.source.meta.split.SourceSplitSerializer;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffsetFactory;
import org.apache.flink.core.io.SimpleVersionedSerialization;

/**
 * The source of a shard's changes.
 *
 * <p>Run it with parallelism 1: a slot has one stream. It begins where the slot stands, on the
 * first start as on every restore, and the slot moves on after a completed checkpoint; so events
 * can be repeated after a restart, and none is left out. It reads no snapshot, and creates and
 * drops nothing on the shard.
 *
 * <p>The job fails for good when a captured table is truncated, when the slot is missing, and when
 * the slot stands further than the state that is restored: then changes are missing that nobody
 * will ever send again.
 */
public final class ChangeSource {

  private ChangeSource() {}

  /**
   * A source for one shard.
   *
   * @param settings the shard, its slot and its tables
   */
  public static Source<ChangeEvent, ?, ?> of(ChangeSourceSettings settings) {
    return new SlotSource(settings);
  }

  /**
   * Up to where a savepoint holds everything: each transaction that committed at or before this
   * position was delivered before the savepoint was taken. A slot that has confirmed more than this
   * cannot serve the savepoint, and the source refuses to start.
   *
   * @param element an element of the source operator's list state {@code SourceReaderState}
   * @return a log sequence number
   * @throws IOException if the bytes are not such an element
   */
  public static long position(byte[] element) throws IOException {
    SourceSplitSerializer splits =
        new SourceSplitSerializer() {
          @Override
          public OffsetFactory getOffsetFactory() {
            return new PostgresOffsetFactory();
          }
        };
    SourceSplitBase split = SimpleVersionedSerialization.readVersionAndDeSerialize(splits, element);
    return StreamPosition.of(split.asStreamSplit().getStartingOffset());
  }
}
