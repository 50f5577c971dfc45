package io.reshard.orchestrator.cutover;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Moves the sequences of a target beyond every value that one of its sources may have handed out,
 * in the direction in which they count. A sequence keeps its own rhythm: shards that count in steps
 * with offsets go on doing so. It also keeps its own bounds: a source that counts beyond those of a
 * kept shard has a range of its own.
 */
final class Sequences {
  /**
   * A backend hands out whole caches: the next free value may be that far ahead. Values count
   * upwards here, negated where the sequence counts downwards.
   */
  private static final String FURTHEST =
      """
      SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename),
        sign(increment_by::numeric) * (last_value::numeric + increment_by * greatest(cache_size, 1))
      FROM pg_sequences WHERE last_value IS NOT NULL
        AND schemaname NOT LIKE 'pg\\_%' AND schemaname <> 'reshard'
      """;

  private static final String ADVANCE =
      """
      SELECT setval(?::regclass, least(greatest(to_.value, s.min_value), s.max_value)::bigint, true)
      FROM pg_sequences s,
        LATERAL (SELECT coalesce(s.last_value, s.start_value)::numeric AS value) AS at_,
        LATERAL (SELECT ? - sign(s.increment_by::numeric) * at_.value AS distance) AS behind,
        LATERAL (SELECT at_.value + s.increment_by * ceil(behind.distance / abs(s.increment_by::numeric))
          AS value) AS to_
      WHERE quote_ident(s.schemaname) || '.' || quote_ident(s.sequencename) = ?
        AND behind.distance > 0 AND (? OR to_.value BETWEEN s.min_value AND s.max_value)
      """;

  private Sequences() {}

  /** How far each sequence of one shard may have counted, by quoted name. */
  static Map<String, BigDecimal> furthest(Connection connection) throws SQLException {
    Map<String, BigDecimal> furthest = new HashMap<>();
    try (PreparedStatement query = connection.prepareStatement(FURTHEST);
        ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        furthest.put(rows.getString(1), rows.getBigDecimal(2));
      }
    }
    return furthest;
  }

  /** The furthest of several shards. */
  static Map<String, BigDecimal> merge(Collection<Map<String, BigDecimal>> shards) {
    Map<String, BigDecimal> merged = new HashMap<>();
    shards.forEach(
        shard -> shard.forEach((name, value) -> merged.merge(name, value, BigDecimal::max)));
    return merged;
  }

  /**
   * Advances those sequences of one target that are behind; the others stay.
   *
   * @param isNew whether the target has only rows of its sources: then a sequence that they have
   *     used up is used up there as well
   */
  static int advance(Connection connection, Map<String, BigDecimal> reached, boolean isNew)
      throws SQLException {
    try (PreparedStatement advance = connection.prepareStatement(ADVANCE)) {
      for (Map.Entry<String, BigDecimal> sequence : reached.entrySet()) {
        advance.setString(1, sequence.getKey());
        advance.setBigDecimal(2, sequence.getValue());
        advance.setString(3, sequence.getKey());
        advance.setBoolean(4, isNew);
        advance.execute();
      }
    }
    return reached.size();
  }
}
