package io.reshard.job.change;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Decodes the messages of pgoutput's protocol version 1, and keeps the position: up to where every
 * transaction has been decoded to its end.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/17/protocol-logicalrep-message-formats.html">Logical
 *     Replication Message Formats</a>
 */
final class StreamDecoder {

  /** PostgreSQL counts time from the year 2000. */
  private static final long EPOCH_MILLIS = 946_684_800_000L;

  private static final long UNSIGNED = 0xFFFF_FFFFL;

  private final ChangeSourceSettings settings;
  private final Map<Integer, Relation> relations = new HashMap<>();
  private long position;
  private long transactionId;
  private long commitMillis;
  private boolean inTransaction;

  /**
   * Starts to decode.
   *
   * @param position up to where everything was delivered before, a log sequence number. The stream
   *     first repeats what lies between the slot's position and this one
   */
  StreamDecoder(ChangeSourceSettings settings, long position) {
    this.settings = settings;
    this.position = position;
  }

  /**
   * Each transaction that committed at or before this log sequence number has been decoded to its
   * end. It never goes back: transactions come in the order of their commits.
   */
  long position() {
    return position;
  }

  /** When the transaction that is being decoded was committed, in milliseconds since 1970. */
  long commitMillis() {
    return commitMillis;
  }

  /** Decodes one message. */
  void decode(ByteBuffer message, Consumer<ChangeEvent> out) {
    byte type = message.get();
    switch (type) {
      case 'I', 'U', 'D' -> change(message, out);
      case 'B' -> begin(message);
      case 'C' -> commit(message);
      case 'R' -> relation(message);
      case 'T' -> truncate(message);
      case 'O', 'Y', 'M' -> {} // origins, types, and messages of the application
      default ->
          throw new ChangeCaptureException(
              "A message of the unknown type " + type + " in the stream of " + settings);
    }
  }

  /**
   * The server has read its log so far and sent all there is of it; what it read last may have
   * nothing for us, as the end of a transaction that was rolled back. A server that shuts down
   * waits until this is confirmed too.
   *
   * @param received a log sequence number
   */
  void idle(long received) {
    if (!inTransaction) {
      position = Math.max(position, received);
    }
  }

  /** The stream names the transaction's commit in advance; it counts when it has come. */
  private void begin(ByteBuffer message) {
    inTransaction = true;
    message.getLong();
    commitMillis = EPOCH_MILLIS + message.getLong() / 1000;
    transactionId = message.getInt() & UNSIGNED;
  }

  /**
   * The slot may be told the end of the commit's record: a stream that begins there leaves out what
   * committed before it.
   */
  private void commit(ByteBuffer message) {
    message.get();
    message.getLong();
    position = Math.max(position, message.getLong());
    inTransaction = false;
  }

  private void relation(ByteBuffer message) {
    int id = message.getInt();
    String schema = text(message);
    String table = text(message);
    message.get();
    int count = message.getShort();
    List<String> columns = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      message.get();
      columns.add(text(message));
      message.getInt();
      message.getInt();
    }
    relations.put(
        id, Relation.of(settings, schema.isEmpty() ? "pg_catalog" : schema, table, columns));
  }

  private void change(ByteBuffer message, Consumer<ChangeEvent> out) {
    Relation relation = relations.get(message.getInt());
    if (relation == null) {
      throw new ChangeCaptureException("A change of an unknown table in the stream of " + settings);
    }
    if (relation == Relation.PASSED_OVER) {
      return;
    }
    Tuple before = null;
    Tuple after = null;
    while (message.hasRemaining()) {
      byte side = message.get();
      Tuple tuple = Tuple.read(message);
      if (side == 'N') {
        after = tuple;
      } else {
        before = tuple;
      }
    }
    relation.changed(before, after, transactionId, out);
  }

  private void truncate(ByteBuffer message) {
    int count = message.getInt();
    message.get();
    for (int i = 0; i < count; i++) {
      relations.getOrDefault(message.getInt(), Relation.PASSED_OVER).truncated(transactionId);
    }
  }

  private static String text(ByteBuffer message) {
    int start = message.position();
    while (message.get() != 0) {
      // to the end of the string
    }
    int length = message.position() - 1 - start;
    return new String(
        message.array(), message.arrayOffset() + start, length, StandardCharsets.UTF_8);
  }
}
