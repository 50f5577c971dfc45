package io.reshard.job.change;

import io.debezium.connector.postgresql.SourceInfo;
import java.util.Map;
import org.apache.flink.cdc.connectors.base.source.meta.offset.Offset;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffset;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffsetFactory;

/**
 * Reads every starting offset as "where the slot stands, and filter nothing".
 *
 * <p>The connector resumes from an offset by leaving out what has a smaller log sequence number.
 * But changes arrive in the order of their commits, several rows can share one number, and a long
 * transaction's rows have smaller numbers than those of transactions that committed before it: so
 * it leaves out rows that were never delivered (FLINK-39265). From position 0 it starts at the
 * slot's {@code confirmed_flush_lsn}, which moves only after a completed checkpoint, and delivers
 * everything; what is delivered twice does no harm here.
 *
 * <p>Only the split serializer may use this factory. If the offsets of live records were rewound as
 * well, the slot would never move.
 */
final class RewindingOffsetFactory extends PostgresOffsetFactory {

  private static final long serialVersionUID = 1L;

  @Override
  public Offset newOffset(Map<String, String> offset) {
    PostgresOffset restored = PostgresOffset.of(offset);
    if (restored.getLsn().equals(PostgresOffset.NO_STOPPING_OFFSET.getLsn())) {
      return restored;
    }
    // The connector needs both keys even where they say nothing.
    return PostgresOffset.of(
        Map.of(
            SourceInfo.LSN_KEY, "0",
            SourceInfo.TIMESTAMP_USEC_KEY, "0",
            StreamPosition.KEY, Long.toString(StreamPosition.of(offset))));
  }
}
