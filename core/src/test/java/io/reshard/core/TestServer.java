package io.reshard.core;

import io.reshard.core.postgres.Credentials;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.postgres.Sql;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** One embedded server for all tests of a module; each test makes databases of its own. */
public final class TestServer {
  private static final AtomicInteger DATABASES = new AtomicInteger();
  private static final EmbeddedPostgres SERVER = start();

  private TestServer() {}

  private static EmbeddedPostgres start() {
    try {
      return EmbeddedPostgres.builder()
          .setServerConfig("wal_level", "logical")
          .setServerConfig("max_wal_senders", "20")
          .setServerConfig("max_replication_slots", "20")
          .setServerConfig("max_prepared_transactions", "5")
          .setServerConfig("fsync", "off")
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The URL that a node has. */
  public static String nodeUrl() {
    return "jdbc:postgresql://127.0.0.1:" + SERVER.getPort() + "/";
  }

  public static Secrets secrets(String... nodes) {
    Map<String, Credentials> logins = new HashMap<>();
    for (String node : nodes) {
      logins.put(node, new Credentials("postgres", "postgres"));
    }
    return new Secrets(logins, null);
  }

  /** Makes an empty database and returns its name. */
  public static String createDatabase() throws SQLException {
    String name = freshName();
    run("postgres", "CREATE DATABASE " + Sql.identifier(name));
    return name;
  }

  /** A name that no database has. */
  public static String freshName() {
    return "test_" + DATABASES.incrementAndGet();
  }

  public static Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(nodeUrl() + database, "postgres", "postgres");
  }

  public static void run(String database, String... statements) throws SQLException {
    try (Connection connection = connect(database);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
