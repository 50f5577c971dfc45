package io.reshard.job.change;

import java.util.List;
import java.util.function.Consumer;

/** Turns the row changes of one table in the stream into events. */
interface Relation {

  /** A table that is not captured. */
  Relation PASSED_OVER =
      new Relation() {
        @Override
        public void changed(
            Tuple before, Tuple after, long transactionId, Consumer<ChangeEvent> out) {}

        @Override
        public void truncated(long transactionId) {}
      };

  /**
   * Emits the events of one insert, update or delete.
   *
   * @param before the old key; null in an insert, and in an update that left the key as it was
   * @param after the new row; null in a delete
   * @param transactionId the 32-bit id of the changing transaction
   * @param out where the events go
   */
  void changed(Tuple before, Tuple after, long transactionId, Consumer<ChangeEvent> out);

  /** Takes note of a TRUNCATE. */
  void truncated(long transactionId);

  /**
   * The relation as the settings want it read.
   *
   * @param columns the published columns' names, in the order of the tuples' values
   */
  static Relation of(
      ChangeSourceSettings settings, String schema, String table, List<String> columns) {
    if (schema.equals(HeartbeatTable.SCHEMA) && table.equals(HeartbeatTable.NAME)) {
      return new HeartbeatTable(settings.source(), settings.operationId(), columns);
    }
    for (CapturedTable captured : settings.tables()) {
      if (captured.schema().equals(schema) && captured.table().equals(table)) {
        return new KeyedTable(settings.source(), captured, columns);
      }
    }
    return PASSED_OVER;
  }
}
