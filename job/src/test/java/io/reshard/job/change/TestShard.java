package io.reshard.job.change;

import static org.awaitility.Awaitility.await;

import io.reshard.core.postgres.Endpoint;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A source shard for one test: a database of its own on an embedded server that all tests share.
 */
final class TestShard implements AutoCloseable {

  static final String OPERATION = "op-1";
  static final String PUBLICATION = "reshard_pub";

  private static final AtomicInteger COUNTER = new AtomicInteger();
  private static EmbeddedPostgres server;

  final String database = "shard" + COUNTER.incrementAndGet();
  final String slot = "reshard_" + database;

  private TestShard() {}

  static TestShard create() {
    TestShard shard = new TestShard();
    try (Connection admin = connect("postgres")) {
      admin.createStatement().execute("CREATE DATABASE " + shard.database);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    shard.sql("CREATE SCHEMA reshard");
    shard.sql(
        "CREATE TABLE reshard.heartbeat"
            + " (operation_id text PRIMARY KEY, number bigint NOT NULL, value bigint NOT NULL)");
    shard.sql("INSERT INTO reshard.heartbeat VALUES ('op-1', 0, 0), ('op-2', 0, 0)");
    return shard;
  }

  static synchronized EmbeddedPostgres server() {
    if (server == null) {
      try {
        server =
            EmbeddedPostgres.builder()
                .setServerConfig("wal_level", "logical")
                .setServerConfig("max_wal_senders", "30")
                .setServerConfig("max_replication_slots", "60")
                .setServerConfig("max_prepared_transactions", "5")
                // The default here is off, and a commit is decoded only once it is flushed.
                .setServerConfig("synchronous_commit", "on")
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(TestShard::stop));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return server;
  }

  private static void stop() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(server().getJdbcUrl("postgres", database));
  }

  Connection connect() throws SQLException {
    return connect(database);
  }

  void sql(String... statements) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The first column of all rows. */
  List<String> query(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (result.next()) {
        rows.add(result.getString(1));
      }
      return rows;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Creates the publication of these tables, as written in SQL, and then the slot. */
  void publish(String... tables) {
    sql(
        "CREATE PUBLICATION %s FOR TABLE reshard.heartbeat, %s WITH (publish_via_partition_root)"
            .formatted(PUBLICATION, String.join(", ", tables)));
    query("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
  }

  void beat() {
    beat(OPERATION);
  }

  void beat(String operation) {
    sql(
        "UPDATE reshard.heartbeat SET number = number + 1, value = value + 10 WHERE operation_id ="
            + " '"
            + operation
            + "'");
  }

  /** Bytes of write-ahead log between the slot's confirmed position and the end. */
  long unconfirmedBytes() {
    return Long.parseLong(
        query(
                "SELECT pg_current_wal_lsn() - confirmed_flush_lsn FROM pg_replication_slots"
                    + " WHERE slot_name = '"
                    + slot
                    + "'")
            .get(0));
  }

  String confirmed() {
    return query(
            "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" + slot + "'")
        .get(0);
  }

  /** Whether the slot has been told of something after this position. */
  boolean confirmedBeyond(String position) {
    return query(
            "SELECT confirmed_flush_lsn > '"
                + position
                + "' FROM pg_replication_slots WHERE slot_name = '"
                + slot
                + "'")
        .equals(List.of("t"));
  }

  boolean slotIsActive() {
    return query("SELECT active FROM pg_replication_slots WHERE slot_name = '" + slot + "'")
        .equals(List.of("t"));
  }

  ChangeSourceSettings settings(CapturedTable... tables) {
    return settings("postgres", "any", tables);
  }

  /** For the table public.t with the key id, as this user. */
  ChangeSourceSettings settings(String user, String password) {
    return settings(user, password, table(0, "public", "t", "id", "bigint"));
  }

  private ChangeSourceSettings settings(String user, String password, CapturedTable... tables) {
    return new ChangeSourceSettings(
        (short) 3,
        new Endpoint(database, server().getJdbcUrl("postgres", database), user, password),
        slot,
        PUBLICATION,
        OPERATION,
        List.of(tables));
  }

  static CapturedTable table(int ordinal, String schema, String table, String... namesAndTypes) {
    List<KeyColumn> columns = new ArrayList<>();
    for (int i = 0; i < namesAndTypes.length; i += 2) {
      columns.add(new KeyColumn(namesAndTypes[i], namesAndTypes[i + 1]));
    }
    return new CapturedTable((short) ordinal, schema, table, columns);
  }

  /** Drops the slot, so that the server need not keep its log. */
  @Override
  public void close() {
    String named = " FROM pg_replication_slots WHERE slot_name = '" + slot + "'";
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(
            () -> {
              query("SELECT pg_terminate_backend(active_pid)" + named + " AND active");
              query("SELECT pg_drop_replication_slot(slot_name)" + named);
              return true;
            });
  }
}
