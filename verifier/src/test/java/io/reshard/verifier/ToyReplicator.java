package io.reshard.verifier;

import io.reshard.core.plan.MigrationStep;
import io.reshard.core.plan.PlannedTable;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;

/**
 * Stands in for the migration job: copies changed orders with a lag, by key, as the job does, and
 * reports the frontier. Which keys have changed it reads from a table that the writers fill.
 */
final class ToyReplicator implements Runnable {
  static final String CHANGES =
      "CREATE TABLE changes (number bigserial PRIMARY KEY, id bigint NOT NULL)";
  static final String HEARTBEAT = "SELECT value FROM reshard.heartbeat";
  private static final int MAX_LAG_MILLIS = 150;

  private final Shards shards;
  private final Map<String, Long> lastChange = new HashMap<>();
  private final Map<String, Long> heartbeats = new HashMap<>();
  private final Random random = new Random(1);
  private volatile boolean stopping;
  private volatile Exception failure;

  ToyReplicator(Shards shards) {
    this.shards = shards;
  }

  void stop() {
    stopping = true;
  }

  void check() throws Exception {
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void run() {
    try {
      while (!stopping) {
        for (String source : Shards.SOURCES) {
          replicate(source);
        }
        report(shards, heartbeats.values().stream().mapToLong(Long::longValue).min().orElse(0));
      }
    } catch (Exception e) {
      failure = e;
    }
  }

  private void replicate(String source) throws Exception {
    long heartbeat;
    TreeSet<Long> ids = new TreeSet<>();
    try (Connection connection = shards.connect(source);
        Statement statement = connection.createStatement()) {
      // One snapshot: every change that was committed before this heartbeat is among these.
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      try (ResultSet row = statement.executeQuery(HEARTBEAT)) {
        row.next();
        heartbeat = row.getLong(1);
      }
      try (ResultSet row =
          statement.executeQuery(
              "SELECT number, id FROM changes WHERE number > "
                  + lastChange.getOrDefault(source, 0L)
                  + " ORDER BY number")) {
        while (row.next()) {
          lastChange.put(source, row.getLong(1));
          ids.add(row.getLong(2));
        }
      }
      connection.commit();
    }
    TimeUnit.MILLISECONDS.sleep(random.nextInt(MAX_LAG_MILLIS));
    for (MigrationStep step : shards.plan().steps()) {
      if (step.source().equals(source) && !ids.isEmpty()) {
        copy(step, new ArrayList<>(ids));
      }
    }
    heartbeats.put(source, heartbeat);
  }

  private void copy(MigrationStep step, List<Long> ids) throws Exception {
    PlannedTable orders = shards.plan().tables().get(0);
    String columns = String.join(", ", orders.copiedColumns());
    String keys = ids.toString().replace("[", "(").replace("]", ")");
    String owned = shards.plan().oldRouting(orders, "t").ownedBy(step.source());
    String moved = shards.plan().newRouting(orders, "t").ownedBy(step.target());
    ByteArrayOutputStream rows = new ByteArrayOutputStream();
    try (Connection source = shards.connect(step.source());
        Connection target = shards.connect(step.target());
        Statement delete = target.createStatement()) {
      source
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyOut(
              "COPY (SELECT "
                  + columns
                  + " FROM orders t WHERE id IN "
                  + keys
                  + " AND "
                  + owned
                  + " AND "
                  + moved
                  + ") TO STDOUT",
              rows);
      target.setAutoCommit(false);
      delete.execute("DELETE FROM orders t WHERE id IN " + keys + " AND " + owned);
      target
          .unwrap(PGConnection.class)
          .getCopyAPI()
          .copyIn(
              "COPY orders (" + columns + ") FROM STDIN",
              new ByteArrayInputStream(rows.toByteArray()));
      target.commit();
    }
  }

  static void report(Shards shards, long frontier) throws SQLException {
    try (Connection connection = shards.control().endpoint().connect("toy replicator");
        PreparedStatement attempt =
            connection.prepareStatement(
                "INSERT INTO reshard.job_attempt (operation_id, generation, execution, attempt)"
                    + " VALUES (?, 1, 'toy', 1) ON CONFLICT DO NOTHING");
        PreparedStatement progress =
            connection.prepareStatement(
                "INSERT INTO reshard.job_progress"
                    + " (operation_id, kind, subject, generation, attempt, value)"
                    + " VALUES (?, 'frontier', '0/1', 1, 1, ?)"
                    + " ON CONFLICT (operation_id, kind, subject, generation, attempt)"
                    + " DO UPDATE SET value = excluded.value")) {
      attempt.setString(1, shards.plan().planId());
      attempt.execute();
      progress.setString(1, shards.plan().planId());
      progress.setLong(2, frontier);
      progress.execute();
    }
  }
}
