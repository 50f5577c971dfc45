package io.reshard.testkit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;

/**
 * Routes customers to shard-0 ("-80") and shard-1 ("80-") by the server's own hash function, which
 * it asks once per key.
 */
final class ServerRouting implements LongFunction<String> {
  private static final String HASH = "SELECT hashint8extended(?, 8816678312871386365)";
  private static final long COMBINE = 0x49a0f4dd15e5a8e3L;

  private final EmbeddedPostgresServer server;
  private final Map<Long, String> known = new ConcurrentHashMap<>();

  ServerRouting(EmbeddedPostgresServer server) {
    this.server = server;
  }

  @Override
  public String apply(long customerId) {
    return known.computeIfAbsent(customerId, this::ask);
  }

  private String ask(long customerId) {
    try (Connection connection = server.connection("postgres");
        PreparedStatement statement = connection.prepareStatement(HASH)) {
      statement.setLong(1, customerId);
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1) + COMBINE >= 0 ? "shard-0" : "shard-1";
      }
    } catch (SQLException e) {
      throw new TestKitException("cannot route customer " + customerId, e);
    }
  }
}
