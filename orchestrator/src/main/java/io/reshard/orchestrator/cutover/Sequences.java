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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Moves the sequences of a target beyond every value that one of its sources may have handed out,
 * in the direction in which they count. A sequence keeps its own rhythm: shards that count in steps
 * with offsets go on doing so. It also keeps its own bounds: a source that counts beyond those of a
 * kept shard has a range of its own.
 *
 * <p>A shard that begins to count gets a range of its own as well, far ahead of all shards: its
 * rows go back to shards that count on, or are merged with others later, and would meet rows there
 * that have the same ids. So does one that has been counting behind a source that counts on.
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
          JOIN pg_type t ON t.oid = a.atttypid),
        CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'UPDATE') END
      FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'reshard'
        AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT') END
      """;

  private Sequences() {}

  /** What a target has been doing before the switch. */
  enum Role {
    /** It has counted for rows of its own. */
    COUNTING,
    /** It has counted, and has had no rows of its own lately. */
    RETURNING,
    /** It has only its sources' rows: a sequence that they have used up is used up there too. */
    NEW
  }

  /**
   * A sequence as it stands.
   *
   * @param next the value that it gives next, if no session holds a cache of values
   * @param columns the greatest value that the columns hold which it fills; null if none is known
   * @param settable whether the role may set it; preflight wants it of what fills a moved table
   */
  private record Counter(
      String name,
      BigInteger next,
      BigInteger increment,
      BigInteger least,
      BigInteger greatest,
      BigInteger cache,
      BigInteger columns,
      boolean settable) {
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

    /** The first value from here on that is not before {@code reached}. */
    BigInteger beyond(BigInteger reached) {
      return furthest(next, inRhythm(reached));
    }

    /**
     * {@code place} ranges of values ahead of {@code reached}, of {@code places}. It is the same
     * place however often it is asked for.
     */
    BigInteger apart(BigInteger reached, int place, int places) {
      BigInteger first = inRhythm(reached);
      BigInteger from = gives(first) ? first : next;
      BigInteger room = farthest().subtract(from).multiply(direction()).max(BigInteger.ZERO);
      BigInteger share =
          room.divide(increment.abs()).divide(BigInteger.valueOf((places + 1L) * SHARES));
      return furthest(
          next, from.add(increment.multiply(share.min(APART)).multiply(BigInteger.valueOf(place))));
    }

    /** The sequence's first value that is not before {@code reached}, be it behind it or ahead. */
    private BigInteger inRhythm(BigInteger reached) {
      BigInteger distance = reached.subtract(next.multiply(direction()));
      BigInteger[] steps = distance.divideAndRemainder(increment.abs());
      BigInteger up = steps[1].signum() > 0 ? BigInteger.ONE : BigInteger.ZERO;
      return next.add(increment.multiply(steps[0].add(up)));
    }

    private BigInteger furthest(BigInteger one, BigInteger other) {
      return increment.signum() > 0 ? one.max(other) : one.min(other);
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
   * @param all how far any shard has
   * @param role what the target has been doing
   * @param place of the target among those that may not count where another shard does, from 1; 0
   *     if it may, as all of its sources retire
   * @param places how many such targets there are
   */
  record Goal(
      Map<String, BigInteger> own, Map<String, BigInteger> all, Role role, int place, int places) {
    private Optional<BigInteger> next(Counter sequence) {
      BigInteger reached = own.get(sequence.name());
      if (reached == null) {
        return Optional.empty();
      }
      BigInteger beyondOwn = sequence.beyond(reached);
      if (role == Role.COUNTING && beyondOwn.equals(sequence.next())) {
        return Optional.empty();
      }
      if (place == 0 || !sequence.gives(beyondOwn)) {
        return Optional.of(beyondOwn).filter(value -> role == Role.NEW || sequence.gives(value));
      }
      BigInteger everywhere = all.get(sequence.name());
      boolean roomBeyondAll = sequence.holds(sequence.beyond(everywhere));
      return Optional.of(sequence.apart(roomBeyondAll ? everywhere : reached, place, places));
    }
  }

  /** Advances those sequences of one target that are behind; the others stay. */
  static int advance(Connection connection, Goal goal) throws SQLException {
    int advanced = 0;
    try (PreparedStatement advance =
        connection.prepareStatement("SELECT setval(?::regclass, ?, ?)")) {
      List<Counter> settable =
          counters(connection).values().stream().filter(Counter::settable).toList();
      for (Counter counter : settable) {
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
                row.getString(7) == null ? null : integer(row, 7),
                row.getBoolean(8));
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
                counter.columns(),
                counter.settable()));
      }
    }
    return counters;
  }

  private static BigInteger integer(ResultSet row, int column) throws SQLException {
    return new BigInteger(row.getString(column));
  }
}
