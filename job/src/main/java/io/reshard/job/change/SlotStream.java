package io.reshard.job.change;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/**
 * The stream of a slot. It begins where the slot stands, whatever was read before; so what no
 * completed checkpoint covers is sent again. For one thread.
 */
final class SlotStream implements AutoCloseable {

  /** How often the server hears from us while we are too busy to read: it gives up after 60 s. */
  private static final Duration STATUS_INTERVAL = Duration.ofSeconds(2);

  /** What a value's text would otherwise depend on. */
  private static final String PINNED = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'";

  private final Connection connection;
  private final PGReplicationStream stream;
  private long confirmed;
  private long lastStatus = System.nanoTime();

  private SlotStream(Connection connection, PGReplicationStream stream) {
    this.connection = connection;
    this.stream = stream;
  }

  /**
   * Opens the stream. Left alone, pgjdbc would also confirm positions by itself, which no
   * checkpoint covers; docs/architecture.md has the interleaving.
   *
   * @throws SQLException with state 55006 while another session reads the slot
   */
  static SlotStream open(ChangeSourceSettings settings) throws SQLException {
    Properties replication = new Properties();
    PGProperty.REPLICATION.set(replication, "database");
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(replication, "15");
    PGProperty.PREFER_QUERY_MODE.set(replication, "simple");
    Connection connection = settings.endpoint().connect("reshard changes", replication);
    try (Statement statement = connection.createStatement()) {
      statement.execute(PINNED);
      PGReplicationStream stream =
          connection
              .unwrap(PGConnection.class)
              .getReplicationAPI()
              .replicationStream()
              .logical()
              .withSlotName(settings.slot())
              .withSlotOption("proto_version", 1)
              .withSlotOption("publication_names", settings.publication())
              .withAutomaticFlush(false)
              .withStatusInterval((int) STATUS_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)
              .start();
      return new SlotStream(connection, stream);
    } catch (SQLException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  /** The next message, or null if none has arrived. */
  ByteBuffer next() throws SQLException {
    return stream.readPending();
  }

  /** Up to where the server has read its log and sent what there is, a log sequence number. */
  long received() {
    return stream.getLastReceiveLSN().asLong();
  }

  /**
   * Tells the server, if there is something to tell or it has not heard from us for long, up to
   * where a checkpoint covers everything.
   *
   * @param position a log sequence number; 0 if nothing is known
   */
  void confirm(long position) throws SQLException {
    long now = System.nanoTime();
    if (position > confirmed) {
      confirmed = position;
      stream.setFlushedLSN(LogSequenceNumber.valueOf(position));
      stream.setAppliedLSN(LogSequenceNumber.valueOf(position));
    } else if (now - lastStatus < STATUS_INTERVAL.toNanos()) {
      return;
    }
    lastStatus = now;
    stream.forceUpdateStatus();
  }

  /** Ends the session. Asking the server to end the stream first would wait for all it has sent. */
  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
