package io.reshard.orchestrator;

import io.reshard.testkit.EmbeddedPostgresServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/**
 * Commits of a shard that are decoded and not visible: the server waits for a synchronous standby
 * that does not exist, after a commit is written and before anybody can see it.
 */
final class HiddenCommits implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Connection connection;

  private HiddenCommits(Connection connection) {
    this.connection = connection;
  }

  /** From now on no commit becomes visible, whoever makes it. */
  static HiddenCommits begin(EmbeddedPostgresServer server, String database) throws SQLException {
    HiddenCommits hidden = new HiddenCommits(server.connection(database));
    hidden.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    hidden.execute("SELECT pg_reload_conf()");
    return hidden;
  }

  /** Returns when an application waits for its commit. */
  void awaitHidden() {
    await(
        () ->
            is(
                "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                    + " AND datname = current_database()"
                    + " AND application_name NOT LIKE 'reshard %'"));
  }

  /** Returns when such a commit was sent to the job, and the job has read rows since. */
  void awaitRead() throws SQLException {
    awaitHidden();
    String written = text("SELECT pg_current_wal_lsn()");
    await(() -> is("SELECT bool_or(sent_lsn >= '%s') FROM pg_stat_replication".formatted(written)));
    String sent = text("SELECT clock_timestamp()");
    await(
        () ->
            is(
                ("SELECT bool_or(query_start > '%s') FROM pg_stat_activity"
                        + " WHERE datname = current_database()"
                        + " AND application_name LIKE 'reshard %% fetcher %%'")
                    .formatted(sent)));
  }

  private static void await(Callable<Boolean> condition) {
    Awaitility.await().atMost(PATIENCE).until(condition);
  }

  private boolean is(String sql) throws SQLException {
    return "t".equals(text(sql));
  }

  private String text(String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return row.getString(1);
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** All commits become visible. */
  @Override
  public void close() throws SQLException {
    try (connection) {
      execute("ALTER SYSTEM RESET synchronous_standby_names");
      execute("SELECT pg_reload_conf()");
    }
  }
}
