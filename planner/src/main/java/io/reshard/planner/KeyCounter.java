package io.reshard.planner;

import io.reshard.core.postgres.Sql;
import java.math.BigInteger;
import java.sql.SQLException;
import java.util.Optional;

/**
 * A sequence of one shard that a column's default draws values from, or its identity.
 *
 * @param next the value that it gives next
 * @param increment by which it counts; negative if downwards
 * @param last the bound that it counts towards
 */
record KeyCounter(BigInteger next, BigInteger increment, BigInteger last) {
  /** How many values a counter is followed. */
  static final long AHEAD = 100_000;

  private static final String SEQUENCES =
      """
      SELECT n.nspname, c.relname, s.seqincrement, s.seqmin, s.seqmax
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass
      LEFT JOIN pg_catalog.pg_attrdef f ON d.classid = 'pg_catalog.pg_attrdef'::regclass
        AND f.oid = d.objid AND f.adrelid = a.attrelid AND f.adnum = a.attnum
      JOIN pg_catalog.pg_sequence s ON s.seqrelid = CASE
        WHEN f.oid IS NOT NULL THEN d.refobjid
        WHEN d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'i'
          AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum THEN d.objid END
      JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE a.attrelid = ?::regclass AND a.attname = ?
        AND pg_catalog.has_sequence_privilege(s.seqrelid, 'SELECT')
      """;

  /** What counts a column; nothing if nothing does, or the role may not read the sequence. */
  static Optional<KeyCounter> of(Session session, TableFacts table, String column)
      throws SQLException {
    Optional<Definition> definition =
        session.first(
            SEQUENCES,
            row ->
                new Definition(
                    Sql.qualified(row.getString(1), row.getString(2)),
                    new BigInteger(row.getString(3)),
                    new BigInteger(row.getString(4)),
                    new BigInteger(row.getString(5))),
            table.quotedName(),
            column);
    return definition.isEmpty()
        ? Optional.empty()
        : Optional.of(
            session.one(
                "SELECT last_value, is_called FROM " + definition.get().sequence(),
                row ->
                    definition.get().after(new BigInteger(row.getString(1)), row.getBoolean(2))));
  }

  private record Definition(
      String sequence, BigInteger increment, BigInteger least, BigInteger greatest) {
    KeyCounter after(BigInteger value, boolean given) {
      return new KeyCounter(
          given ? value.add(increment) : value,
          increment,
          increment.signum() > 0 ? greatest : least);
    }
  }

  /** The least of the values that it gives next. */
  BigInteger least() {
    return increment.signum() > 0 ? next : end().max(last);
  }

  /** The greatest of the values that it gives next. */
  BigInteger greatest() {
    return increment.signum() > 0 ? end().min(last) : next;
  }

  private BigInteger end() {
    return next.add(increment.multiply(BigInteger.valueOf(AHEAD - 1)));
  }

  /** The counter as a cutover leaves it: beyond {@code other}, if its own bounds reach so far. */
  KeyCounter beyond(KeyCounter other) {
    BigInteger direction = BigInteger.valueOf(increment.signum());
    BigInteger distance = other.next.subtract(next).multiply(direction);
    if (distance.signum() <= 0) {
      return this;
    }
    BigInteger steps =
        distance.add(increment.abs()).subtract(BigInteger.ONE).divide(increment.abs());
    BigInteger moved = next.add(increment.multiply(steps));
    boolean within = last.subtract(moved).multiply(direction).signum() >= 0;
    return within ? new KeyCounter(moved, increment, last) : this;
  }

  /** Whether one of the values that both give next may be the same. */
  boolean meets(KeyCounter other) {
    return least().compareTo(other.greatest()) <= 0
        && other.least().compareTo(greatest()) <= 0
        && next.subtract(other.next).mod(increment.gcd(other.increment)).signum() == 0;
  }
}
