package io.reshard.job.copy;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import org.postgresql.copy.CopyOut;

/**
 * Reads COPY OUT row by row and cuts off the leading smallint that the query added: the row's
 * owner. The formats are those of the PostgreSQL manual's page on COPY, "Text Format" and "Binary
 * Format". The remaining bytes of a row are never looked at.
 */
public final class TupleReader {
  /** The signature, the flags and the length of the (empty) header extension. */
  private static final int HEADER_BYTES = 19;

  private static final int OWNER_BYTES = 6;

  private final CopyOut copy;
  private final boolean binary;
  private boolean headerSeen;
  private byte[] row;
  private int start;
  private int owner;
  private int fields;

  public TupleReader(CopyOut copy, boolean binary) {
    this.copy = copy;
    this.binary = binary;
  }

  /** Moves to the next row; false at the end. */
  public boolean next() throws SQLException {
    row = copy.readFromCopy();
    if (row == null) {
      return false;
    }
    return binary ? parseBinary() : parseText();
  }

  private boolean parseBinary() throws SQLException {
    int at = headerSeen ? 0 : HEADER_BYTES;
    headerSeen = true;
    ByteBuffer buffer = ByteBuffer.wrap(row);
    fields = buffer.getShort(at);
    if (fields == -1) {
      // The trailer; nothing may follow but the end of the stream.
      if (copy.readFromCopy() != null) {
        throw new SQLException("COPY went on behind its trailer");
      }
      return false;
    }
    if (buffer.getInt(at + 2) != Short.BYTES) {
      throw new SQLException("the leading routing column of a COPY row is not a smallint");
    }
    owner = buffer.getShort(at + 6);
    start = at + 2 + OWNER_BYTES;
    return true;
  }

  private boolean parseText() {
    start = 0;
    owner = (int) cutTextInteger();
    return true;
  }

  /** The row's owner: the ordinal of a shard, or -1 if none owns it. */
  public int owner() {
    return owner;
  }

  /** Cuts another leading column, a bigint, off the row and returns it. */
  public long cutBigint() {
    if (!binary) {
      return cutTextInteger();
    }
    long value = ByteBuffer.wrap(row).getLong(start + Integer.BYTES);
    start += Integer.BYTES + Long.BYTES;
    fields--;
    return value;
  }

  private long cutTextInteger() {
    int tab = start;
    while (row[tab] != '\t') {
      tab++;
    }
    long value = Long.parseLong(new String(row, start, tab - start, StandardCharsets.US_ASCII));
    start = tab + 1;
    return value;
  }

  /** Appends the rest of the row, as COPY IN takes it. */
  public void writeTo(ByteArrayOutputStream out) {
    if (binary) {
      int rest = fields - 1;
      out.write(rest >>> 8);
      out.write(rest);
    }
    out.write(row, start, row.length - start);
  }
}
