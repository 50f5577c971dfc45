package io.reshard.job.change;

import org.apache.flink.util.Collector;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;

/** The steps of this operation's heartbeat; those of other operations are passed over. */
final class HeartbeatRecordReader implements RecordReader {

  private final short source;
  private final String operationId;
  private final Field after;
  private final Field operation;
  private final Field number;
  private final Field value;

  HeartbeatRecordReader(short source, String operationId, Schema records) {
    this.source = source;
    this.operationId = operationId;
    this.after = records.field("after");
    this.operation = column("operation_id");
    this.number = column("number");
    this.value = column("value");
  }

  private Field column(String name) {
    Field field = after.schema().field(name);
    if (field == null) {
      throw new ChangeCaptureException(
          ("Column %s of reshard.heartbeat is missing from the stream; the publication must have"
                  + " the whole table")
              .formatted(name));
    }
    return field;
  }

  @Override
  public void read(String change, Struct record, long transactionId, Collector<ChangeEvent> out) {
    Struct row = (Struct) record.get(after);
    if (row != null && operationId.equals(row.get(operation))) {
      out.collect(
          ChangeEvent.ofHeartbeat(
              source, transactionId, (Long) row.get(number), (Long) row.get(value)));
    }
  }
}
