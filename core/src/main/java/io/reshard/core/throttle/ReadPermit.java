package io.reshard.core.throttle;

import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The permit to read from one shard, as one of its numbered places. A place is an advisory lock on
 * the shard itself: all readers see it, wherever they run, and one that dies gives it back. Not
 * thread-safe.
 */
final class ReadPermit implements AutoCloseable {
  /** The filter is evaluated row by row up to the first place that is free. */
  private static final String TAKE =
      "SELECT place FROM generate_series(1, ?) AS place"
          + " WHERE pg_try_advisory_lock(hashtext(?), place) LIMIT 1";

  private static final String LEAVE = "SELECT pg_advisory_unlock(hashtext(?), ?)";

  /** PostgreSQL shows the first key unsigned, and 2 for a lock of two keys. */
  private static final String COUNT =
      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
          + " AND classid = (hashtext(?)::bigint & 4294967295)::oid"
          + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

  /** More than there are readers. */
  private static final int UNLIMITED = 1024;

  private final Plan plan;
  private final Secrets secrets;
  private final String shard;
  private final String name;
  private Connection session;
  private int place;

  ReadPermit(Plan plan, Secrets secrets, String shard) {
    this.plan = plan;
    this.secrets = secrets;
    this.shard = shard;
    this.name = "reshard " + plan.planId() + " throttle";
  }

  /** Takes a place, unless this permit has one; false if all up to {@code limit} are taken. */
  boolean take(Integer limit) throws SQLException {
    if (place != 0) {
      return true;
    }
    try (PreparedStatement query = session().prepareStatement(TAKE)) {
      query.setInt(1, limit == null ? UNLIMITED : limit);
      query.setString(2, name);
      try (ResultSet row = query.executeQuery()) {
        place = row.next() ? row.getInt(1) : 0;
        return place != 0;
      }
    }
  }

  void leave() throws SQLException {
    if (place != 0) {
      try (PreparedStatement query = session().prepareStatement(LEAVE)) {
        query.setString(1, name);
        query.setInt(2, place);
        query.execute();
      }
      place = 0;
    }
  }

  /** How many readers have a place on the shard. */
  int taken() throws SQLException {
    try (PreparedStatement query = session().prepareStatement(COUNT)) {
      query.setString(1, name);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }

  private Connection session() throws SQLException {
    if (session == null || session.isClosed()) {
      place = 0;
      session = plan.endpoint(shard, secrets).connect(name);
    }
    return session;
  }

  @Override
  public void close() throws SQLException {
    if (session != null) {
      session.abort(Runnable::run);
    }
  }
}
