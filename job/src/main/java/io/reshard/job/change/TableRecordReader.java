package io.reshard.job.change;

import io.reshard.core.error.ErrorCode;
import java.util.Arrays;
import org.apache.flink.util.Collector;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;

/** The changes of a captured table. */
final class TableRecordReader implements RecordReader {

  private final short source;
  private final CapturedTable table;
  private final Field before;
  private final Field after;
  private final KeyReader oldKeys;
  private final KeyReader newKeys;

  TableRecordReader(short source, CapturedTable table, Schema records) {
    this.source = source;
    this.table = table;
    this.before = records.field("before");
    this.after = records.field("after");
    this.oldKeys = new KeyReader(table, before.schema());
    this.newKeys = new KeyReader(table, after.schema());
  }

  @Override
  public void read(
      String operation, Struct record, long transactionId, Collector<ChangeEvent> out) {
    switch (operation) {
      case "c" -> emit(newKeys.key(present(record, after, operation)), transactionId, out);
      case "u" -> readUpdate(record, transactionId, out);
      case "d" -> emit(oldKeys.key(present(record, before, operation)), transactionId, out);
      case "t" ->
          throw ChangeCaptureException.forGood(
              ErrorCode.CHANGES_MISSING,
              ("Table %s was truncated on source %d, by transaction %d. A truncate says nothing of"
                      + " the rows it removed, so the targets can no longer follow: start the"
                      + " operation anew")
                  .formatted(table, source, transactionId));
      default ->
          throw new ChangeCaptureException(
              "Unknown operation \"%s\" in a record of %s on source %d"
                  .formatted(operation, table, source));
    }
  }

  /** The old row is there if the key changed, or if the table's replica identity is FULL. */
  private void readUpdate(Struct record, long transactionId, Collector<ChangeEvent> out) {
    Struct oldRow = (Struct) record.get(before);
    Struct newRow = present(record, after, "u");
    String[] oldKey = oldRow == null ? null : oldKeys.key(oldRow);
    if (!newKeys.hasKey(newRow)) {
      // A key too long to be stored in the row is sent only as the old key, if it stayed as it was.
      emit(oldKeys.key(present(record, before, "u")), transactionId, out);
      return;
    }
    String[] newKey = newKeys.key(newRow);
    if (oldKey != null && !Arrays.equals(oldKey, newKey)) {
      emit(oldKey, transactionId, out);
    }
    emit(newKey, transactionId, out);
  }

  private Struct present(Struct record, Field side, String operation) {
    Struct row = (Struct) record.get(side);
    if (row == null) {
      throw new ChangeCaptureException(
          ("A record \"%s\" of %s on source %d lacks the row \"%s\"; does the table have a"
                  + " replica identity?")
              .formatted(operation, table, source, side.name()));
    }
    return row;
  }

  private void emit(String[] key, long transactionId, Collector<ChangeEvent> out) {
    out.collect(ChangeEvent.ofRow(source, table.ordinal(), key, transactionId));
  }
}
