package io.reshard.orchestrator.cutover;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * Moves the sequences of targets beyond every value that a source may have handed out. A sequence
 * keeps its own rhythm: shards that count in steps with offsets go on doing so.
 */
final class Sequences {
  /** A backend hands out whole caches: the next free value may be that far ahead. */
  private static final String HIGHEST =
      """
      SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename),
             last_value + increment_by * greatest(cache_size, 1)
      FROM pg_sequences WHERE last_value IS NOT NULL AND increment_by > 0
        AND schemaname NOT LIKE 'pg\\_%' AND schemaname <> 'reshard'
      """;

  private static final String ADVANCE =
      """
      SELECT setval(?::regclass, at.value + increment_by
               * ceil((? - at.value)::numeric / increment_by)::bigint, true)
      FROM pg_sequences, LATERAL (SELECT coalesce(last_value, start_value) AS value) AS at
      WHERE quote_ident(schemaname) || '.' || quote_ident(sequencename) = ?
        AND increment_by > 0 AND at.value < ?
      """;

  private Sequences() {}

  /** The highest value that each sequence of one shard may have handed out, by quoted name. */
  static Map<String, Long> highest(String source, Connection connection) throws SQLException {
    Map<String, Long> highest = new HashMap<>();
    try (PreparedStatement query = connection.prepareStatement(HIGHEST);
        ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        highest.put(rows.getString(1), rows.getLong(2));
      }
    }
    return highest;
  }

  /** The highest of all sources. */
  static Map<String, Long> merge(Collection<Map<String, Long>> sources) {
    Map<String, Long> merged = new HashMap<>();
    sources.forEach(
        source -> source.forEach((name, value) -> merged.merge(name, value, Math::max)));
    return merged;
  }

  /** Advances those sequences of one target that are behind; the others stay. */
  static int advance(Connection connection, Map<String, Long> floors) throws SQLException {
    try (PreparedStatement advance = connection.prepareStatement(ADVANCE)) {
      for (Map.Entry<String, Long> floor : floors.entrySet()) {
        advance.setString(1, floor.getKey());
        advance.setLong(2, floor.getValue());
        advance.setString(3, floor.getKey());
        advance.setLong(4, floor.getValue());
        advance.execute();
      }
    }
    return floors.size();
  }
}
