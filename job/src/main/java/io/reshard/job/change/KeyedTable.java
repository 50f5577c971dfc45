package io.reshard.job.change;

import io.reshard.core.error.ErrorCode;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** A captured table: its changes become the keys of the rows that changed. */
final class KeyedTable implements Relation {

  private final short source;
  private final CapturedTable table;
  private final int[] columns;
  private final KeyText[] texts;

  /**
   * Finds the key among the published columns.
   *
   * @throws ChangeCaptureException if a key column is not published
   */
  KeyedTable(short source, CapturedTable table, List<String> published) {
    this.source = source;
    this.table = table;
    List<KeyColumn> key = table.keyColumns();
    this.columns = new int[key.size()];
    this.texts = new KeyText[key.size()];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = published.indexOf(key.get(i).name());
      texts[i] = KeyText.forType(key.get(i).type());
      if (columns[i] < 0) {
        throw new ChangeCaptureException(
            ("Key column %s of %s is missing from the stream, which has %s; the publication must"
                    + " list it")
                .formatted(key.get(i).name(), table, published));
      }
    }
  }

  /** The old key is there if it changed, and where the table's replica identity is FULL. */
  @Override
  public void changed(Tuple before, Tuple after, long transactionId, Consumer<ChangeEvent> out) {
    String[] oldKey = before == null ? null : key(before, before);
    String[] newKey = after == null ? null : key(after, before);
    if (oldKey != null && !Arrays.equals(oldKey, newKey)) {
      out.accept(ChangeEvent.ofRow(source, table.ordinal(), oldKey, transactionId));
    }
    if (newKey != null) {
      out.accept(ChangeEvent.ofRow(source, table.ordinal(), newKey, transactionId));
    }
  }

  /** A long value of the key that an update kept is only in the old key. */
  private String[] key(Tuple row, Tuple before) {
    String[] key = new String[columns.length];
    for (int i = 0; i < key.length; i++) {
      Tuple from = before != null && row.isLeftOut(columns[i]) ? before : row;
      String printed = from.text(columns[i]);
      if (printed == null) {
        throw new ChangeCaptureException(
            ("A change of %s on source %d lacks its key column %s; does the table have a replica"
                    + " identity with it?")
                .formatted(table, source, table.keyColumns().get(i).name()));
      }
      key[i] = texts[i].of(printed);
    }
    return key;
  }

  @Override
  public void truncated(long transactionId) {
    throw ChangeCaptureException.forGood(
        ErrorCode.CHANGES_MISSING,
        ("Table %s was truncated on source %d, by transaction %d. A truncate says nothing of the"
                + " rows it removed, so the targets can no longer follow: start the operation anew")
            .formatted(table, source, transactionId));
  }
}
