package io.reshard.job.change;

import java.time.DateTimeException;
import java.util.List;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;

/** Reads the key of one table out of rows of one schema. */
final class KeyReader {

  private final CapturedTable table;
  private final Field[] fields;
  private final KeyText[] texts;

  /**
   * Binds a table to the schema of its rows.
   *
   * @throws ChangeCaptureException if a key column is not in the schema
   */
  KeyReader(CapturedTable table, Schema rows) {
    this.table = table;
    List<KeyColumn> columns = table.keyColumns();
    this.fields = new Field[columns.size()];
    this.texts = new KeyText[columns.size()];
    for (int i = 0; i < fields.length; i++) {
      KeyColumn column = columns.get(i);
      fields[i] = rows.field(ConnectorNames.onTheWire(column.name()));
      texts[i] = KeyText.forType(column.type());
      if (fields[i] == null) {
        throw new ChangeCaptureException(
            ("Key column %s of %s is missing from the stream, which has %s; the publication must"
                    + " list it")
                .formatted(column.name(), table, rows.fields()));
      }
    }
  }

  /** Whether the row's key is complete, and not left out because an update kept a long value. */
  boolean hasKey(Struct row) {
    for (Field field : fields) {
      if (ConnectorSettings.UNAVAILABLE.equals(row.get(field))) {
        return false;
      }
    }
    return true;
  }

  /**
   * The key of a row.
   *
   * @throws ChangeCaptureException if a value is null or cannot be represented
   */
  String[] key(Struct row) {
    String[] key = new String[fields.length];
    for (int i = 0; i < key.length; i++) {
      Object value = row.get(fields[i]);
      try {
        if (value == null) {
          throw new IllegalArgumentException("the connector delivered null, its sign of failure");
        }
        key[i] = texts[i].of(value, fields[i].schema().name());
      } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
        throw new ChangeCaptureException(
            "A value of key column %s (%s) of %s cannot be represented: %s"
                .formatted(
                    table.keyColumns().get(i).name(),
                    table.keyColumns().get(i).type(),
                    table,
                    e.getMessage()),
            e);
      }
    }
    return key;
  }
}
