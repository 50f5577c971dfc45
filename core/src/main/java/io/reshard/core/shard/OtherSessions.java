package io.reshard.core.shard;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * Ends the sessions of processes whose work on a shard has been taken over. What waits for a lock
 * there outlives the step that gave it up; and a process that was frozen in the middle would go on
 * with it as soon as it thaws.
 */
public final class OtherSessions {
  /**
   * Names are cut off like those in pg_stat_activity. Lists who is still there after 5 s; the list
   * is made first, since SQL may ask conditions in any order. A role that we may not end is passed
   * over: nothing of ours must stand because of it.
   */
  private static final String END =
      """
      WITH other AS MATERIALIZED (SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND pg_has_role(usesysid, 'USAGE')
          AND application_name = ANY (SELECT left(name, 63) FROM unnest(?) AS name)),
      ended AS MATERIALIZED (SELECT pid, pg_terminate_backend(pid, 5000) AS gone FROM other)
      SELECT pid FROM ended WHERE NOT gone
      """;

  private OtherSessions() {}

  /**
   * Ends the other sessions on the shard that have one of these application names, and waits until
   * they are gone. Returns the process of one that stays, if any does.
   */
  public static Optional<Integer> end(Connection connection, String... applications)
      throws SQLException {
    try (PreparedStatement end = connection.prepareStatement(END)) {
      end.setArray(1, connection.createArrayOf("text", applications));
      try (ResultSet alive = end.executeQuery()) {
        return alive.next() ? Optional.of(alive.getInt(1)) : Optional.empty();
      }
    }
  }
}
