package io.reshard.orchestrator.cutover;

import io.reshard.core.plan.Plan;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * What keeps an application from writing to a shard: the fences of one switch, and guards of
 * whichever switch was last.
 */
public record Barriers(List<String> fences, boolean guarded) {
  private static final String FIND =
      "SELECT DISTINCT tgname FROM pg_trigger"
          + " WHERE NOT tgisinternal AND tgenabled <> 'D' AND (starts_with(tgname, ?) OR tgname = ANY (?)) ORDER BY 1";

  /** Those that stand on one shard for the switch of {@code plan}, of any attempt. */
  public static Barriers find(Plan plan, Connection connection) throws SQLException {
    List<String> fences = new ArrayList<>();
    boolean guarded = false;
    try (PreparedStatement query = connection.prepareStatement(FIND)) {
      query.setString(1, EarlierBarriers.fencePrefix(plan));
      query.setArray(2, connection.createArrayOf("text", KeyGuard.TRIGGERS.toArray()));
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          String name = rows.getString(1);
          if (KeyGuard.TRIGGERS.contains(name)) {
            guarded = true;
          } else {
            fences.add(name);
          }
        }
      }
    }
    return new Barriers(List.copyOf(fences), guarded);
  }
}
