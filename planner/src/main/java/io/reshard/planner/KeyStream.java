package io.reshard.planner;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.Optional;

/**
 * Primary keys of one shard, ordered by their hash and then by their text: an order that is the
 * same on every shard, whatever its collations are. Closes its session.
 */
final class KeyStream implements AutoCloseable {
  private static final int FETCH_SIZE = 10_000;

  private final String shardId;
  private final Session session;
  private final String keys;
  private final ResultSet rows;

  private KeyStream(String shardId, Session session, String keys, ResultSet rows) {
    this.shardId = shardId;
    this.session = session;
    this.keys = keys;
    this.rows = rows;
  }

  /**
   * Sorts the keys on the server. The session is closed with the stream, and if it cannot be made.
   *
   * @param key an expression whose text tells the keys of a table apart
   * @param condition of the rows, behind the alias t
   * @param oneIn the share of the keys that is read, the same keys on every shard; a power of 2
   */
  static KeyStream open(
      String shardId, Session session, TableFacts table, String key, String condition, long oneIn)
      throws SQLException {
    String keys =
        " FROM (SELECT "
            + key
            + " COLLATE \"C\" AS key FROM "
            + table.quotedName()
            + " t WHERE "
            + condition
            + ") keys ";
    String hash = "pg_catalog.hashtextextended(key, 0)";
    String sorted =
        "SELECT "
            + hash
            + ", key"
            + keys
            + "WHERE "
            + hash
            + " & "
            + (oneIn - 1)
            + " = 0 ORDER BY 1, 2";
    try {
      return new KeyStream(shardId, session, keys, session.stream(sorted, FETCH_SIZE));
    } catch (SQLException e) {
      session.close();
      throw e;
    }
  }

  /** A key that was read from {@code stream}. */
  record Key(long hash, String text, KeyStream stream) implements Comparable<Key> {
    private static final Comparator<Key> ORDER =
        Comparator.comparingLong(Key::hash).thenComparing(Key::text);

    @Override
    public int compareTo(Key other) {
      return ORDER.compare(this, other);
    }

    boolean sameAs(Key other) {
      return hash == other.hash && text.equals(other.text);
    }
  }

  /** Whether the shard has a key of that text now, whatever it had when the stream began. */
  boolean hasNow(String text) throws SQLException {
    return session.any("SELECT" + keys + "WHERE key = ?", text);
  }

  /** The next key; empty at the end. */
  Optional<Key> next() throws SQLException {
    return rows.next()
        ? Optional.of(new Key(rows.getLong(1), rows.getString(2), this))
        : Optional.empty();
  }

  String shardId() {
    return shardId;
  }

  @Override
  public void close() throws SQLException {
    session.close();
  }
}
