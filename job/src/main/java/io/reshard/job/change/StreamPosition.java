package io.reshard.job.change;

import io.debezium.connector.postgresql.PostgresOffsetContext;
import io.debezium.connector.postgresql.SourceInfo;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.cdc.connectors.base.source.meta.offset.Offset;
import org.apache.flink.cdc.connectors.postgres.source.offset.PostgresOffset;

/**
 * Up to where a state holds everything: each transaction that committed at or before the position
 * was delivered before the state was taken. A log sequence number, or 0 if it is not known.
 *
 * <p>The number of the last row does not say it, because it can be smaller than those of commits
 * delivered long before. But no transaction commits between the last commit that was delivered and
 * a row of the transaction that is delivered next; so the greater of the two numbers is a position,
 * and never goes back while the stream runs. It is kept over restarts by carrying it in the offset:
 * after a restart, the stream first repeats what lies before it.
 */
final class StreamPosition {

  /** The connector carries unknown keys along, as long as their values are numbers. */
  static final String KEY = "reshard_position";

  private StreamPosition() {}

  static long of(Map<String, String> offset) {
    return Math.max(
        Math.max(number(offset, SourceInfo.LSN_KEY), number(offset, KEY)),
        number(offset, PostgresOffsetContext.LAST_COMMIT_LSN_KEY));
  }

  /** The offset of a later record, not falling behind the position of an earlier offset. */
  static Offset carry(Offset earlier, Offset later) {
    Map<String, String> carried = new HashMap<>(later.getOffset());
    long position = Math.max(of(earlier.getOffset()), of(later.getOffset()));
    carried.put(KEY, Long.toString(position));
    return PostgresOffset.of(carried);
  }

  private static long number(Map<String, String> offset, String key) {
    String text = offset.get(key);
    return text == null ? 0 : Long.parseLong(text);
  }
}
