package io.reshard.job.change;

/**
 * One change on a source shard: the key of a row that was inserted, updated or deleted, or a step
 * of the operation's heartbeat.
 *
 * <p>The key says <em>which</em> row changed and nothing about how; the row itself is read again
 * from the source. A primary-key update makes two events, one for each key. Events can be repeated
 * after a restart.
 *
 * <p>Flink serializes this class as a POJO, hence the public fields and the empty constructor.
 */
public class ChangeEvent {

  /** The value of {@link #table} in a heartbeat. */
  public static final short NO_TABLE = -1;

  /** Ordinal of the source shard. */
  public short source;

  /** Ordinal of the table in the plan, or {@link #NO_TABLE} for a heartbeat. */
  public short table;

  /**
   * Values of the primary-key columns in PostgreSQL's text form, see {@link KeyText}, in the order
   * of the plan's columns; null for a heartbeat.
   */
  public String[] key;

  /** The transaction that made the change: PostgreSQL's 32-bit id, 0 to 2<sup>32</sup> - 1. */
  public long transactionId;

  /** The consecutive number of a heartbeat; 0 in a change of a row. */
  public long heartbeatNumber;

  /** The ever growing value of a heartbeat; 0 in a change of a row. */
  public long heartbeatValue;

  /** For Flink; use the factories. */
  public ChangeEvent() {}

  /**
   * A change of the row with this key.
   *
   * @param source ordinal of the source shard
   * @param table ordinal of the table in the plan
   * @param key the primary key's values in PostgreSQL's text form; not copied
   * @param transactionId the changing transaction's 32-bit id
   */
  public static ChangeEvent ofRow(short source, short table, String[] key, long transactionId) {
    ChangeEvent event = new ChangeEvent();
    event.source = source;
    event.table = table;
    event.key = key;
    event.transactionId = transactionId;
    return event;
  }

  /**
   * A step of the heartbeat of this operation on one source shard.
   *
   * @param source ordinal of the source shard
   * @param transactionId the 32-bit id of the transaction that wrote it
   * @param number consecutive on each source shard
   * @param value grows with every heartbeat on a source shard
   */
  public static ChangeEvent ofHeartbeat(short source, long transactionId, long number, long value) {
    ChangeEvent event = new ChangeEvent();
    event.source = source;
    event.table = NO_TABLE;
    event.transactionId = transactionId;
    event.heartbeatNumber = number;
    event.heartbeatValue = value;
    return event;
  }

  /** Whether this is a heartbeat and not the change of a row. */
  public boolean isHeartbeat() {
    return table == NO_TABLE;
  }

  @Override
  public String toString() {
    return isHeartbeat()
        ? "heartbeat " + heartbeatNumber + " (value " + heartbeatValue + ") of source " + source
        : "change of key ("
            + String.join(", ", key)
            + ") of table "
            + table
            + " on source "
            + source
            + " by transaction "
            + transactionId;
  }
}
