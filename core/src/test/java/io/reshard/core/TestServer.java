package io.reshard.core;

import io.reshard.core.postgres.Credentials;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.postgres.Sql;
import io.reshard.testkit.EmbeddedPostgresServer;
import io.reshard.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** One embedded server for all tests of a module; each test makes databases of its own. */
public final class TestServer {
  private static final AtomicInteger DATABASES = new AtomicInteger();
  private static final EmbeddedPostgresServer SERVER =
      EmbeddedPostgresServer.start(ServerOptions.fast().maxPreparedTransactions(5));

  private TestServer() {}

  /** The URL that a node has. */
  public static String nodeUrl() {
    return SERVER.url("");
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
    return SERVER.connection(database);
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
