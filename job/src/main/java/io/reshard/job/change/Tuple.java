package io.reshard.job.change;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The values of one row in a message of pgoutput, in PostgreSQL's text form. Nothing is copied
 * before it is asked for.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/17/protocol-logicalrep-message-formats.html">Logical
 *     Replication Message Formats</a>
 */
final class Tuple {

  private static final byte TEXT = 't';
  private static final int NULL_VALUE = -1;
  private static final int LEFT_OUT = -2;

  private final byte[] message;
  private final int[] starts;
  private final int[] lengths;

  private Tuple(byte[] message, int columns) {
    this.message = message;
    this.starts = new int[columns];
    this.lengths = new int[columns];
  }

  /** Reads the tuple at the buffer's position, and leaves the position after it. */
  static Tuple read(ByteBuffer buffer) {
    Tuple tuple = new Tuple(buffer.array(), buffer.getShort());
    for (int i = 0; i < tuple.starts.length; i++) {
      byte kind = buffer.get();
      if (kind == TEXT) {
        int length = buffer.getInt();
        tuple.starts[i] = buffer.arrayOffset() + buffer.position();
        tuple.lengths[i] = length;
        buffer.position(buffer.position() + length);
      } else if (kind == 'n') {
        tuple.lengths[i] = NULL_VALUE;
      } else if (kind == 'u') {
        tuple.lengths[i] = LEFT_OUT;
      } else {
        throw new ChangeCaptureException("A value of the unknown kind " + kind + " in the stream");
      }
    }
    return tuple;
  }

  /** A value's text, or null for a value that is null or {@linkplain #isLeftOut left out}. */
  String text(int column) {
    return lengths[column] < 0
        ? null
        : new String(message, starts[column], lengths[column], StandardCharsets.UTF_8);
  }

  /** Whether an update kept this value, which is too long to be stored in the row itself. */
  boolean isLeftOut(int column) {
    return lengths[column] == LEFT_OUT;
  }
}
