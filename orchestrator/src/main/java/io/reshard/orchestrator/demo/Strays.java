package io.reshard.orchestrator.demo;

import io.reshard.testkit.OwnedShard;
import io.reshard.testkit.SampleApplication;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The rows that shards hold and do not own after a switch, in plain SQL.
 *
 * @param moved rows that their shard owned before: the clean-up takes them
 * @param unowned by shard, rows that it owned neither before nor after: nobody would ever take them
 */
record Strays(long moved, Map<String, Long> unowned) {
  private static final String NOBODY = "false";
  private static final String COUNT =
      "SELECT count(*) FILTER (WHERE %1$s), count(*) FILTER (WHERE NOT %1$s)"
          + " FROM %2$s WHERE NOT %3$s";

  /** Looks through every shard of either topology. */
  static Strays count(List<OwnedShard> before, List<OwnedShard> after) throws SQLException {
    Map<String, OwnedShard> old = byId(before);
    Map<String, OwnedShard> all = new LinkedHashMap<>(old);
    Map<String, OwnedShard> now = byId(after);
    all.putAll(now);
    long moved = 0;
    Map<String, Long> unowned = new TreeMap<>();
    for (OwnedShard shard : all.values()) {
      try (Connection connection = shard.connections().open()) {
        for (String table : SampleApplication.tableNames()) {
          List<Long> counts =
              counts(connection, table, ownership(old, shard), ownership(now, shard));
          moved += counts.get(0);
          if (counts.get(1) > 0) {
            unowned.merge(shard.id(), counts.get(1), Long::sum);
          }
        }
      }
    }
    return new Strays(moved, unowned);
  }

  private static Map<String, OwnedShard> byId(List<OwnedShard> shards) {
    Map<String, OwnedShard> byId = new LinkedHashMap<>();
    shards.forEach(shard -> byId.put(shard.id(), shard));
    return byId;
  }

  private static String ownership(Map<String, OwnedShard> side, OwnedShard shard) {
    return side.containsKey(shard.id()) ? side.get(shard.id()).ownership() : NOBODY;
  }

  private static List<Long> counts(Connection connection, String table, String before, String after)
      throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(String.format(COUNT, before, table, after))) {
      row.next();
      List<Long> counts = new ArrayList<>();
      counts.add(row.getLong(1));
      counts.add(row.getLong(2));
      return counts;
    }
  }
}
