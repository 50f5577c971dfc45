package io.reshard.job.change;

import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.source.SourceRecord;

/** Events on their way through the connector, which moves records of Kafka Connect. */
final class ChangeBatch extends SourceRecord {

  private final transient List<ChangeEvent> events;
  private final long position;
  private final long commitMillis;

  /**
   * A batch.
   *
   * @param events in the order of the stream; may be empty
   * @param position each transaction that committed at or before this log sequence number is in
   *     this batch or in one before it
   * @param commitMillis when the last event's transaction was committed
   */
  ChangeBatch(List<ChangeEvent> events, long position, long commitMillis) {
    super(Map.of(), Map.of(), "changes", null, null);
    this.events = events;
    this.position = position;
    this.commitMillis = commitMillis;
  }

  List<ChangeEvent> events() {
    return events;
  }

  long position() {
    return position;
  }

  long commitMillis() {
    return commitMillis;
  }
}
