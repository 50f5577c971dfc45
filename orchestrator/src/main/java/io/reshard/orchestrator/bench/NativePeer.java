package io.reshard.orchestrator.bench;

import io.reshard.testkit.EmbeddedPostgresServer;
import java.io.IOException;
import java.sql.SQLException;

/**
 * PostgreSQL's own logical replication over the same shards: a database and a subscription per
 * target, with row filters that halve each source by a hash of the key.
 */
final class NativePeer {

  private final BenchShards shards;

  NativePeer(BenchShards shards) {
    this.shards = shards;
  }

  /** Makes the databases and tables. */
  void prepare() throws SQLException {
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      EmbeddedPostgresServer subscriber = shards.targetServer(target);
      subscriber.createDatabase(database(target));
      BenchShards.execute(subscriber, database(target), shards.table().create());
      for (String index : shards.table().createIndexes()) {
        BenchShards.execute(subscriber, database(target), index);
      }
    }
  }

  /** Subscribes, waits for the initial copy, and leaves the subscriptions enabled. */
  void subscribe() throws SQLException, IOException, InterruptedException {
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      subscribe(target);
    }
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      int subscriber = target;
      Await.until(
          "the initial copy of native replication",
          () ->
              "0"
                  .equals(
                      onTarget(
                          subscriber,
                          "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'")));
    }
  }

  private void subscribe(int target) throws SQLException {
    int source = target / BenchShards.TARGETS_PER_SOURCE;
    EmbeddedPostgresServer publisher = shards.sourceServer(source);
    String published = BenchShards.sourceDatabase(source);
    EmbeddedPostgresServer subscriber = shards.targetServer(target);
    BenchShards.execute(
        publisher,
        published,
        "CREATE PUBLICATION peer_%d FOR TABLE public.item WHERE (%s)"
            .formatted(target, shards.table().isHalf(target % BenchShards.TARGETS_PER_SOURCE)));
    BenchShards.execute(
        publisher,
        published,
        "SELECT pg_create_logical_replication_slot('peer_%d', 'pgoutput')".formatted(target));
    BenchShards.execute(
        subscriber,
        database(target),
        "CREATE SUBSCRIPTION peer_%1$d CONNECTION 'host=127.0.0.1 port=%2$d user=postgres dbname=%3$s'"
                .formatted(target, publisher.port(), published)
            + " PUBLICATION peer_%1$d WITH (create_slot = false, slot_name = 'peer_%1$d', binary = true)"
                .formatted(target));
  }

  void enable(boolean enabled) throws SQLException, IOException, InterruptedException {
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      BenchShards.execute(
          shards.targetServer(target),
          database(target),
          "ALTER SUBSCRIPTION peer_" + target + (enabled ? " ENABLE" : " DISABLE"));
    }
    if (!enabled) {
      for (int source = 0; source < BenchShards.SOURCES; source++) {
        int publisher = source;
        Await.until(
            "the end of native replication's senders",
            () ->
                "0"
                    .equals(
                        onSource(
                            publisher,
                            "SELECT count(*) FROM pg_replication_slots WHERE active"
                                + " AND starts_with(slot_name, 'peer_')")));
      }
    }
  }

  /** Waits until every subscription has applied what its source has written until now. */
  void awaitCaughtUp() throws SQLException, IOException, InterruptedException {
    for (int target = 0; target < BenchShards.TARGETS; target++) {
      int source = target / BenchShards.TARGETS_PER_SOURCE;
      String caughtUp =
          "SELECT confirmed_flush_lsn >= '%s' FROM pg_replication_slots WHERE slot_name = 'peer_%d'"
              .formatted(onSource(source, "SELECT pg_current_wal_lsn()"), target);
      Await.until("native replication", () -> "t".equals(onSource(source, caughtUp)));
    }
  }

  /** The database that is this target's counterpart, on the same server. */
  static String database(int target) {
    return "peer_" + target;
  }

  private String onSource(int source, String query) throws SQLException {
    return BenchShards.value(
        shards.sourceServer(source), BenchShards.sourceDatabase(source), query);
  }

  private String onTarget(int target, String query) throws SQLException {
    return BenchShards.value(shards.targetServer(target), database(target), query);
  }
}
