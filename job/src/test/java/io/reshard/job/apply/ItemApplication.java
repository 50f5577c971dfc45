package io.reshard.job.apply;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What an application does to the items of the two sources. Each change is announced as change
 * capture would do it; that of a delayed transaction before it commits, which is how a commit looks
 * that is decoded before it is visible.
 */
final class ItemApplication implements AutoCloseable {
  /** A changed item, and the lower half of the id of the transaction that changed it. */
  record Change(int source, long id, long transaction) {}

  private final ItemShards shards;
  private final Consumer<Change> stream;
  private final List<Connection> sessions = new ArrayList<>();
  private final Connection[] delayed = new Connection[2];

  ItemApplication(ItemShards shards, Consumer<Change> stream) throws SQLException {
    this.shards = shards;
    this.stream = stream;
    for (int source = 0; source < 2; source++) {
      Connection session = shards.connect(source);
      session.setAutoCommit(false);
      sessions.add(session);
    }
  }

  boolean isDelayed() {
    return delayed[0] != null || delayed[1] != null;
  }

  /** Two items of a source exchange their codes, in one transaction. */
  void swap(int source, long one, long other, boolean delay) throws SQLException {
    transaction(
        source,
        delay,
        List.of(one, other),
        """
        CREATE TEMP TABLE held ON COMMIT DROP AS SELECT id, code FROM item WHERE id IN (%1$d, %2$d);
        UPDATE item SET code = NULL WHERE id IN (%1$d, %2$d);
        UPDATE item SET version = version + 1, code =
          (SELECT code FROM held WHERE held.id <> item.id AND item.id IN (%1$d, %2$d))
        WHERE id IN (%1$d, %2$d)
        """
            .formatted(one, other));
  }

  /** An item takes the code that another one has, which gets none; two transactions. */
  void pass(int source, long from, int receiver, long to) throws SQLException {
    List<String> code =
        shards.query(source, "SELECT code FROM item WHERE code IS NOT NULL AND id = " + from);
    if (code.isEmpty()
        || shards.query(receiver, "SELECT id FROM item WHERE id = " + to).isEmpty()
        || (source == receiver && from == to)) {
      return;
    }
    String taken = "UPDATE item SET code = NULL, version = version + 1 WHERE id = " + from;
    if (transaction(source, false, List.of(from), taken)) {
      String given =
          "UPDATE item SET code = '%s', version = version + 1 WHERE id = %d"
              .formatted(code.get(0), to);
      transaction(receiver, false, List.of(to), given);
    }
  }

  /** An item moves to the other source. */
  void move(int source, long id) throws SQLException {
    List<String> row =
        shards.query(
            source,
            "SELECT format('%%s, %%s, %%L, %%s', id, %d, code, version + 1) FROM item WHERE id = %d"
                .formatted(shards.ownerKey(1 - source), id));
    if (!row.isEmpty() && delete(source, id)) {
      String insert = "INSERT INTO item VALUES (" + row.get(0) + ")";
      transaction(1 - source, false, List.of(id), insert);
    }
  }

  boolean delete(int source, long id) throws SQLException {
    return transaction(source, false, List.of(id), "DELETE FROM item WHERE id = " + id);
  }

  void touch(int source, long id, boolean delay) throws SQLException {
    String update = "UPDATE item SET version = version + 1 WHERE id = " + id;
    transaction(source, delay, List.of(id), update);
  }

  /** Makes the delayed transactions visible. */
  void commitDelayed() throws SQLException {
    for (int source = 0; source < 2; source++) {
      if (delayed[source] != null) {
        delayed[source].commit();
        delayed[source].close();
        delayed[source] = null;
      }
    }
  }

  /** False if the items are locked by a delayed transaction, or the change is not possible. */
  private boolean transaction(int source, boolean delay, List<Long> ids, String sql)
      throws SQLException {
    boolean later = delay && delayed[source] == null;
    Connection session = later ? shards.connect(source) : sessions.get(source);
    session.setAutoCommit(false);
    try (Statement statement = session.createStatement()) {
      statement.execute("SET LOCAL lock_timeout = '5ms'");
      statement.execute(sql);
      long transaction;
      try (ResultSet row =
          statement.executeQuery("SELECT pg_current_xact_id()::text::bigint & 4294967295")) {
        row.next();
        transaction = row.getLong(1);
      }
      if (later) {
        delayed[source] = session;
      } else {
        session.commit();
      }
      ids.forEach(id -> stream.accept(new Change(source, id, transaction)));
      return true;
    } catch (SQLException e) {
      session.rollback();
      if (later) {
        session.close();
      }
      return false;
    }
  }

  @Override
  public void close() throws SQLException {
    commitDelayed();
    for (Connection session : sessions) {
      session.close();
    }
  }
}
