package io.reshard.job.target;

import io.reshard.core.plan.PlannedTable;
import java.sql.SQLException;
import org.postgresql.copy.CopyIn;

/** COPY IN of rows that come without header and trailer. */
public final class CopyStream {
  /** Signature, flags and an empty extension (PostgreSQL manual, COPY, "Binary Format"). */
  private static final byte[] HEADER = {
    'P', 'G', 'C', 'O', 'P', 'Y', '\n', (byte) 0xff, '\r', '\n', 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  private static final byte[] TRAILER = {(byte) 0xff, (byte) 0xff};

  private final CopyIn copy;
  private final boolean binary;

  public CopyStream(TargetSession session, PlannedTable table) throws SQLException {
    this(session, table, table.quotedName());
  }

  /** Into another relation with the table's columns. */
  public CopyStream(TargetSession session, PlannedTable table, String relation)
      throws SQLException {
    copy = session.copyIn(table, relation);
    binary = table.binaryCopy();
    if (binary) {
      copy.writeToCopy(HEADER, 0, HEADER.length);
    }
  }

  public void write(byte[] tuples) throws SQLException {
    if (tuples.length > 0) {
      copy.writeToCopy(tuples, 0, tuples.length);
    }
  }

  /** Ends the stream and returns the number of rows that the server took. */
  public long end() throws SQLException {
    if (binary) {
      copy.writeToCopy(TRAILER, 0, TRAILER.length);
    }
    return copy.endCopy();
  }
}
