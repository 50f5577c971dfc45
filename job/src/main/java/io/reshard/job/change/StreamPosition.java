package io.reshard.job.change;

import io.debezium.connector.postgresql.SourceInfo;
import java.util.Map;
import org.apache.flink.cdc.connectors.base.source.meta.offset.Offset;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffset;

/**
 * Up to where a state holds everything: each transaction that committed at or before this log
 * sequence number was delivered before the state was taken.
 *
 * <p>It is the end of a commit, never the place of a row. Changes arrive in the order of their
 * commits, and a long transaction's rows have smaller numbers than those of transactions that
 * committed before it, so a row's number says nothing of what was delivered; resuming from one
 * loses rows (FLINK-39265).
 */
final class StreamPosition {

  private StreamPosition() {}

  /** The position in the form that the connector keeps in a split. It needs a time as well. */
  static Offset offset(long position) {
    return PostgresOffset.of(
        Map.of(SourceInfo.LSN_KEY, Long.toString(position), SourceInfo.TIMESTAMP_USEC_KEY, "0"));
  }

  static long of(Offset offset) {
    return ((PostgresOffset) offset).getLsn().asLong();
  }
}
