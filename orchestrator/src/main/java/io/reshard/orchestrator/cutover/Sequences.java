package io.reshard.orchestrator.cutover;

import io.reshard.core.postgres.Sql;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Moves the sequences of a target beyond every value that one of its sources may have handed out,
 * in the direction in which they count. A sequence keeps its own rhythm: shards that count in steps
 * with offsets go on doing so. It also keeps its own bounds: a source that counts beyond those of a
 * kept shard has a range of its own.
 *
 * <p>A shard that begins to count gets a range of its own as well, far ahead: its rows go back to
 * shards that count on, and would meet rows there that have the same ids.
 */
final class Sequences {
  /** How far apart shards begin, in values. One that gives 10 000 a second gets there in 5 days. */
  private static final BigInteger APART = BigInteger.ONE.shiftLeft(32);

  /** Shorter types have less room: so much of what is left is shared out at most. */
  private static final int SHARES = 8;

  /** A sequence that no column's default names may fill an integer column all the same. */
  private static final BigInteger SHORT = BigInteger.valueOf(Integer.MAX_VALUE);

  private static final String SEQUENCES =
      """
      SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), s.seqincrement, s.seqmin,
        s.seqmax, s.seqcache, pg_sequence_last_value(c.oid),
        (SELECT min(CASE coalesce(nullif(t.typbasetype, 0), t.oid)
            WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647
            ELSE 9223372036854775807 END)
          FROM (SELECT d.refobjid AS relid, d.refobjsubid AS number FROM pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
            UNION SELECT v.adrelid, v.adnum FROM pg_depend d JOIN pg_attrdef v ON v.oid = d.objid
              WHERE d.classid = 'pg_attrdef'::regclass
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid) AS fed
          JOIN pg_attribute a ON a.attrelid = fed.relid AND a.attnum = fed.number
          JOIN pg_type t ON t.oid = a.atttypid)
      FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'reshard'
        AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT') END
      """;

  private Sequences() {}

  /**
   * A sequence as it stands.
   *
   * @param next the value that it gives next, if no session holds a cache of values
   * @param columns the greatest value that the columns hold which it fills; null if none is known
   */
  private record Counter(
      String name,
      BigInteger next,
      BigInteger increment,
      BigInteger least,
      BigInteger greatest,
      BigInteger cache,
      BigInteger columns) {
    private BigInteger direction() {
      return BigInteger.valueOf(increment.signum());
    }

    /**
     * The next value that is free for certain, since a session takes whole caches. Values count
     * upwards here, negated where the sequence counts downwards.
     */
    BigInteger free() {
      BigInteger others = cache.subtract(BigInteger.ONE).max(BigInteger.ZERO);
      return next.add(increment.multiply(others)).multiply(direction());
    }

    /** The sequence's first value that is not before {@code reached}. */
    BigInteger beyond(BigInteger reached) {
      BigInteger distance = reached.subtract(next.multiply(direction())).max(BigInteger.ZERO);
      BigInteger[] steps = distance.divideAndRemainder(increment.abs());
      return next.add(increment.multiply(steps[0].add(BigInteger.valueOf(steps[1].signum()))));
    }

    /** {@code place} ranges of values ahead of {@code value}, of {@code places}. */
    BigInteger apart(BigInteger value, int place, int places) {
      BigInteger room = farthest().subtract(value).multiply(direction()).max(BigInteger.ZERO);
      BigInteger share =
          room.divide(increment.abs()).divide(BigInteger.valueOf((places + 1L) * SHARES));
      return value.add(increment.multiply(share.min(APART)).multiply(BigInteger.valueOf(place)));
    }

    /** The last value that the sequence gives and its columns hold. */
    private BigInteger farthest() {
      BigInteger held =
          columns == null && next.abs().compareTo(SHORT) <= 0
              ? SHORT
              : Optional.ofNullable(columns).orElse(end().abs());
      return increment.signum() > 0 ? greatest.min(held) : least.max(held.negate());
    }

    /** Whether the value is neither behind the last that the columns hold, nor out of bounds. */
    boolean holds(BigInteger value) {
      return gives(value) && farthest().subtract(value).multiply(direction()).signum() >= 0;
    }

    BigInteger end() {
      return increment.signum() > 0 ? greatest : least;
    }

    boolean gives(BigInteger value) {
      return value.compareTo(least) >= 0 && value.compareTo(greatest) <= 0;
    }
  }

  /** How far each sequence of one shard may have counted, by quoted name. */
  static Map<String, BigInteger> furthest(Connection connection) throws SQLException {
    return counters(connection).values().stream()
        .collect(Collectors.toMap(Counter::name, Counter::free));
  }

  /** The furthest of several shards. */
  static Map<String, BigInteger> merge(Collection<Map<String, BigInteger>> shards) {
    Map<String, BigInteger> merged = new HashMap<>();
    shards.forEach(
        shard -> shard.forEach((name, value) -> merged.merge(name, value, BigInteger::max)));
    return merged;
  }

  /**
   * Where a target's sequences are to go on.
   *
   * @param own how far the target's sources have counted
   * @param all how far all sources have
   * @param isNew whether the target has only rows of its sources: then a sequence that they have
   *     used up is used up there as well
   * @param place of a target that begins to count, from 1; 0 if it has been counting
   * @param places how many targets begin
   */
  record Goal(
      Map<String, BigInteger> own,
      Map<String, BigInteger> all,
      boolean isNew,
      int place,
      int places) {
    private Optional<BigInteger> next(Counter counter) {
      BigInteger reached = own.get(counter.name());
      if (reached == null) {
        return Optional.empty();
      }
      BigInteger beyondOwn = counter.beyond(reached);
      if (place == 0 || !counter.gives(beyondOwn)) {
        return Optional.of(beyondOwn).filter(value -> isNew || counter.gives(value));
      }
      BigInteger beyondAll = counter.beyond(all.get(counter.name()));
      return Optional.of(
          counter.apart(counter.holds(beyondAll) ? beyondAll : beyondOwn, place, places));
    }
  }

  /** Advances those sequences of one target that are behind; the others stay. */
  static int advance(Connection connection, Goal goal) throws SQLException {
    int advanced = 0;
    try (PreparedStatement advance =
        connection.prepareStatement("SELECT setval(?::regclass, ?, ?)")) {
      for (Counter counter : counters(connection).values()) {
        Optional<BigInteger> next =
            goal.next(counter).filter(value -> !value.equals(counter.next()));
        if (next.isPresent()) {
          boolean usedUp = !counter.gives(next.get());
          advance.setString(1, counter.name());
          advance.setLong(2, (usedUp ? counter.end() : next.get()).longValueExact());
          advance.setBoolean(3, usedUp);
          advance.execute();
          advanced++;
        }
      }
    }
    return advanced;
  }

  private static Map<String, Counter> counters(Connection connection) throws SQLException {
    Map<String, Counter> counters = new LinkedHashMap<>();
    Map<String, Counter> untouched = new LinkedHashMap<>();
    try (PreparedStatement query = connection.prepareStatement(SEQUENCES);
        ResultSet row = query.executeQuery()) {
      while (row.next()) {
        BigInteger increment = integer(row, 2);
        String last = row.getString(6);
        Counter counter =
            new Counter(
                row.getString(1),
                last == null ? BigInteger.ZERO : new BigInteger(last).add(increment),
                increment,
                integer(row, 3),
                integer(row, 4),
                integer(row, 5),
                row.getString(7) == null ? null : integer(row, 7));
        (last == null ? untouched : counters).put(counter.name(), counter);
      }
    }
    counters.putAll(restarted(connection, untouched));
    return counters;
  }

  /** Sequences that have given nothing since they were made or restarted. */
  private static Map<String, Counter> restarted(
      Connection connection, Map<String, Counter> untouched) throws SQLException {
    Map<String, Counter> counters = new LinkedHashMap<>();
    if (untouched.isEmpty()) {
      return counters;
    }
    String query =
        untouched.keySet().stream()
            .map(name -> "SELECT " + Sql.literal(name) + ", last_value FROM " + name)
            .collect(Collectors.joining(" UNION ALL "));
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      while (row.next()) {
        Counter counter = untouched.get(row.getString(1));
        counters.put(
            counter.name(),
            new Counter(
                counter.name(),
                integer(row, 2),
                counter.increment(),
                counter.least(),
                counter.greatest(),
                counter.cache(),
                counter.columns()));
      }
    }
    return counters;
  }

  private static BigInteger integer(ResultSet row, int column) throws SQLException {
    return new BigInteger(row.getString(column));
  }
}
