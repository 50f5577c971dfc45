package io.reshard.orchestrator.bench;

import io.reshard.testkit.EmbeddedPostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * PostgreSQL's own logical replication over the same shards: a database and a subscription per
 * target, with row filters that halve each source by a hash of the key.
 */
final class NativePeer {
  private static final Duration PATIENCE = Duration.ofMinutes(30);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int PER_SOURCE = BenchShards.TARGETS / BenchShards.SOURCES;

  private final BenchShards shards;

  NativePeer(BenchShards shards) {
    this.shards = shards;
  }

  /** Creates all, waits for the initial copy, and leaves the subscriptions enabled. */
  void subscribe(int indexes) throws SQLException {
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      int source = target / PER_SOURCE;
      BenchShards.execute(
          shards.sourceServer(source),
          database(source),
          "CREATE PUBLICATION peer_%d FOR TABLE public.item WHERE ((hashint8extended(id, 0) & 1) = %d)"
              .formatted(target, target % PER_SOURCE));
      BenchShards.execute(
          shards.sourceServer(source),
          database(source),
          "SELECT pg_create_logical_replication_slot('peer_%d', 'pgoutput')".formatted(target));
      shards.targetServer(target).createDatabase("peer_" + target);
      BenchShards.execute(shards.targetServer(target), "peer_" + target, BenchShards.TABLE);
      for (String index : BenchShards.indexes(indexes)) {
        BenchShards.execute(shards.targetServer(target), "peer_" + target, index);
      }
      BenchShards.execute(
          shards.targetServer(target),
          "peer_" + target,
          "CREATE SUBSCRIPTION peer_%1$d CONNECTION 'host=127.0.0.1 port=%2$d user=postgres dbname=%3$s'"
                  .formatted(target, shards.sourceServer(source).port(), database(source))
              + " PUBLICATION peer_%1$d WITH (create_slot = false, slot_name = 'peer_%1$d', binary = true)"
                  .formatted(target));
    }
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      String database = "peer_" + target;
      EmbeddedPostgresServer server = shards.targetServer(target);
      await(
          () ->
              "0"
                  .equals(
                      value(
                          server,
                          database,
                          "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'")));
    }
  }

  void enable(boolean enabled) throws SQLException {
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      BenchShards.execute(
          shards.targetServer(target),
          "peer_" + target,
          "ALTER SUBSCRIPTION peer_" + target + (enabled ? " ENABLE" : " DISABLE"));
    }
    if (!enabled) {
      for (int source = 0; source < BenchShards.SOURCES; source++) {
        EmbeddedPostgresServer server = shards.sourceServer(source);
        String database = database(source);
        await(
            () ->
                "0"
                    .equals(
                        value(
                            server,
                            database,
                            "SELECT count(*) FROM pg_replication_slots WHERE active"
                                + " AND starts_with(slot_name, 'peer_')")));
      }
    }
  }

  /** Waits until every subscription has applied what its source has written until now. */
  void awaitCaughtUp() throws SQLException {
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      int source = target / PER_SOURCE;
      EmbeddedPostgresServer server = shards.sourceServer(source);
      String position = value(server, database(source), "SELECT pg_current_wal_lsn()");
      String caughtUp =
          "SELECT confirmed_flush_lsn >= '%s' FROM pg_replication_slots WHERE slot_name = 'peer_%d'"
              .formatted(position, target);
      await(() -> "t".equals(value(server, database(source), caughtUp)));
    }
  }

  private static String database(int source) {
    return "source_" + source;
  }

  private static String value(EmbeddedPostgresServer server, String database, String query)
      throws SQLException {
    try (Connection connection = server.connection(database);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  /** What is awaited. */
  @FunctionalInterface
  private interface Condition {
    boolean holds() throws SQLException;
  }

  private static void await(Condition condition) throws SQLException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.holds()) {
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException("native replication did not get there in " + PATIENCE);
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }
}
