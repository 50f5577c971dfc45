package io.reshard.core.control;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.json.Documents;
import io.reshard.core.topology.Shard;
import io.reshard.core.topology.ShardStatus;
import io.reshard.core.topology.Topology;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * The versions of the topology and the status of every shard. The active version changes by
 * compare-and-set. Thread-safe.
 */
public final class TopologyStore {
  /** Where a switch is notified. */
  static final String CHANNEL = "reshard_topology";

  private final ControlDatabase control;

  public TopologyStore(ControlDatabase control) {
    this.control = control;
  }

  /** Registers the first topology; {@code topology_conflict} if there is one already. */
  public Topology initialize(Topology topology) {
    return control.call(
        "register the first topology",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  insertVersion(handle, topology);
                  int inserted =
                      handle.execute(
                          "INSERT INTO active_topology (version) VALUES (?)"
                              + " ON CONFLICT DO NOTHING",
                          topology.version());
                  if (inserted == 0) {
                    throw conflict(
                        "a topology is registered already; it changes by 'plan' and"
                            + " 'start' only");
                  }
                  topology.shards().forEach(shard -> record(handle, shard.id(), shard.status()));
                  return topology;
                }));
  }

  /**
   * The topology that the application routes by; {@code invalid_topology} if none is registered.
   */
  public Topology active() {
    return findActive()
        .orElseThrow(
            () ->
                new ReshardingException(
                    ErrorCode.INVALID_TOPOLOGY,
                    "no topology is registered; run 'reshard topology init --topology FILE'"));
  }

  public Optional<Topology> findActive() {
    return control.call(
        "read the active topology",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT t.document FROM topology t JOIN active_topology USING (version)")
                        .mapTo(String.class)
                        .findOne()
                        .map(TopologyStore::parse)));
  }

  /** The active version alone: cheap enough to poll. */
  public long activeVersion() {
    return control.call(
        "read the active topology's version",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery("SELECT version FROM active_topology")
                        .mapTo(Long.class)
                        .findOne()
                        .orElse(0L)));
  }

  /** Stores a version that is not active yet; storing the same one again does no harm. */
  public void store(Topology topology) {
    control.call(
        "store a topology",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  insertVersion(handle, topology);
                  return null;
                }));
  }

  /**
   * Turns the active topology from {@code expectedVersion} to {@code next} inside the caller's
   * transaction; {@code topology_conflict} if another version is active.
   */
  public static void compareAndSet(Handle handle, long expectedVersion, Topology next) {
    insertVersion(handle, next);
    int changed =
        handle.execute(
            "UPDATE active_topology SET version = ?, updated_at = now() WHERE version = ?",
            next.version(),
            expectedVersion);
    // Sent with the commit, and with that alone (PostgreSQL manual, NOTIFY).
    handle.execute("NOTIFY " + CHANNEL);
    if (changed == 0) {
      throw conflict(
          "version "
              + expectedVersion
              + " of the topology is no longer the active one; plan again");
    }
  }

  /** Records the status of shards; null as the reason clears it. */
  public void record(Collection<String> shardIds, ShardStatus status, String reason) {
    control.call(
        "record the status of shards",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  shardIds.forEach(shardId -> record(handle, shardId, status, reason));
                  return null;
                }));
  }

  /** Forgets shards that are not active and whose databases are gone. */
  public void forget(Collection<String> shardIds) {
    control.call(
        "forget shards",
        jdbi ->
            jdbi.inTransaction(
                handle -> {
                  for (String shardId : shardIds) {
                    handle.execute(
                        "DELETE FROM shard_status WHERE shard_id = ?" + " AND status <> 'active'",
                        shardId);
                  }
                  return null;
                }));
  }

  /** Every known shard, by id. */
  public List<ShardRecord> shards() {
    return control.call(
        "list the shards",
        jdbi ->
            jdbi.withHandle(
                handle ->
                    handle
                        .createQuery(
                            "SELECT shard_id, status, reason, created_at, updated_at"
                                + " FROM shard_status ORDER BY shard_id")
                        .map((row, context) -> shardRecord(row))
                        .list()));
  }

  static void record(Handle handle, String shardId, ShardStatus status) {
    record(handle, shardId, status, null);
  }

  /** Records one status inside the caller's transaction. */
  public static void record(Handle handle, String shardId, ShardStatus status, String reason) {
    handle.execute(
        "INSERT INTO shard_status (shard_id, status, reason) VALUES (?, ?, ?)"
            + " ON CONFLICT (shard_id) DO UPDATE SET status = excluded.status,"
            + " reason = excluded.reason, updated_at = now()",
        shardId,
        status.text(),
        reason);
  }

  private static void insertVersion(Handle handle, Topology topology) {
    String document = Documents.toJson(topology);
    handle.execute(
        "INSERT INTO topology (version, document) VALUES (?, ?::jsonb) ON CONFLICT DO NOTHING",
        topology.version(),
        document);
    boolean same =
        handle
            .createQuery("SELECT document = ?::jsonb FROM topology WHERE version = ?")
            .bind(0, document)
            .bind(1, topology.version())
            .mapTo(Boolean.class)
            .one();
    if (!same) {
      // A version that was planned but never became active may be planned anew.
      int replaced =
          handle.execute(
              "UPDATE topology SET document = ?::jsonb, created_at = now() WHERE version = ?"
                  + " AND version > coalesce((SELECT version FROM active_topology), 0)",
              document,
              topology.version());
      if (replaced == 0) {
        throw conflict(
            "version " + topology.version() + " of the topology exists with another content");
      }
    }
  }

  private static Topology parse(String document) {
    return Documents.parse(
        document, Topology.class, ErrorCode.STATE_STORE_FAILED, "the stored topology");
  }

  private static ShardRecord shardRecord(ResultSet row) throws SQLException {
    return new ShardRecord(
        row.getString("shard_id"),
        ShardStatus.of(row.getString("status")),
        row.getString("reason"),
        instant(row, "created_at"),
        instant(row, "updated_at"));
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  private static ReshardingException conflict(String message) {
    return new ReshardingException(ErrorCode.TOPOLOGY_CONFLICT, message);
  }

  /** The status of {@code shard} for those who show it, from {@link #shards()}. */
  public static ShardStatus statusOf(Shard shard, List<ShardRecord> records) {
    return records.stream()
        .filter(one -> one.shardId().equals(shard.id()))
        .map(ShardRecord::status)
        .findFirst()
        .orElse(shard.status());
  }
}
