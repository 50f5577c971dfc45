package io.reshard.verifier;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.postgres.Endpoint;
import io.reshard.core.postgres.SqlStates;
import io.reshard.core.shard.Replica;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Read-only sessions on the shards, with the settings that the row hash needs. Those used last stay
 * open. For one thread.
 */
final class ShardSessions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShardSessions.class);

  /** With hundreds of shards, each subtask must not hold a session on every one. */
  private static final int MAX_OPEN = 8;

  private static final int ATTEMPTS = 4;
  private static final long PAUSE_MILLIS = 500;

  /**
   * Many statements are short: compiling them would take longer than running them. A server has as
   * many backends to bear as the job has readers, not some more for each.
   */
  private static final String SETTINGS =
      RowHash.SESSION
          + "SET jit = off; SET max_parallel_workers_per_gather = 0; SET statement_timeout = 0;"
          + " SET default_transaction_read_only = on;";

  private final Verification verification;
  private final Map<Place, Connection> open = new LinkedHashMap<>(16, 0.75f, true);

  ShardSessions(Verification verification) {
    this.verification = verification;
  }

  /** Where a session reads. */
  private record Place(String shard, boolean replica) {}

  /** Some reading on one shard. It is repeated on a new session when the session breaks. */
  @FunctionalInterface
  interface Query<T> {
    T from(Connection connection) throws SQLException;
  }

  /**
   * The result of {@code query} on a replica, if the shard has one. What that shows may be older
   * than its primary, but not than the session: so two sides that agree were equal after the run
   * had begun, and those that do not must be looked at again by {@link #look}.
   */
  <T> T scan(Side side, String shardId, Query<T> query) {
    boolean replica = verification.plan().replica(shardId, verification.secrets()).isPresent();
    return read(side, new Place(shardId, replica), query);
  }

  /** The result of {@code query} on the primary: it sees what is committed. */
  <T> T look(Side side, String shardId, Query<T> query) {
    return read(side, new Place(shardId, false), query);
  }

  /**
   * The result of {@code query}, tried again a few times where the error may pass. At last {@code
   * source_unavailable} or {@code target_unavailable}, with the shard's name.
   */
  private <T> T read(Side side, Place place, Query<T> query) {
    SQLException first = null;
    for (int attempt = 1; ; attempt++) {
      try {
        return query.from(session(place));
      } catch (SQLException e) {
        close(open.remove(place));
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
        if (attempt == ATTEMPTS || !SqlStates.retryable(e)) {
          throw new ReshardingException(
              side == Side.SOURCE ? ErrorCode.SOURCE_UNAVAILABLE : ErrorCode.TARGET_UNAVAILABLE,
              "the verification cannot read shard " + place.shard() + ": " + e.getMessage(),
              first);
        }
        LOG.warn("Reading shard {} failed, trying again: {}", place.shard(), e.getMessage());
        pause(attempt);
      }
    }
  }

  private static void pause(int attempt) {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS << attempt);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReshardingException(ErrorCode.VERIFICATION_FAILED, "interrupted", e);
    }
  }

  private Connection session(Place place) throws SQLException {
    Connection connection = open.get(place);
    if (connection == null) {
      connection = connect(place);
      open.put(place, connection);
      if (open.size() > MAX_OPEN) {
        close(open.remove(open.keySet().iterator().next()));
      }
    }
    return connection;
  }

  private Connection connect(Place place) throws SQLException {
    Endpoint primary = endpoint(verification, place.shard());
    Optional<Endpoint> replica =
        place.replica()
            ? verification.plan().replica(place.shard(), verification.secrets())
            : Optional.empty();
    return replica.isPresent()
        ? new Replica(replica.get()).open(primary, this::connect)
        : connect(primary);
  }

  private Connection connect(Endpoint endpoint) throws SQLException {
    Properties properties = new Properties();
    // Every statement is planned for its own values: the bounds of splits differ widely.
    PGProperty.PREPARE_THRESHOLD.set(properties, 0);
    Connection connection = endpoint.connect(verification.application(), properties);
    try (Statement statement = connection.createStatement()) {
      statement.execute(SETTINGS);
      return connection;
    } catch (SQLException e) {
      close(connection);
      throw e;
    }
  }

  /**
   * Keeps the row of {@code key} on {@code shardId} from changing; null if it was not to be had.
   */
  RowHold hold(String shardId, String lockByKey, List<String> key) {
    return RowHold.of(endpoint(verification, shardId), verification.application(), lockByKey, key);
  }

  /** Where {@code shardId} is, and how to log in. */
  static Endpoint endpoint(Verification verification, String shardId) {
    return verification.plan().endpoint(shardId, verification.secrets());
  }

  @Override
  public void close() {
    open.values().forEach(ShardSessions::close);
    open.clear();
  }

  static void close(Connection connection) {
    if (connection == null) {
      return;
    }
    try {
      connection.close();
    } catch (SQLException e) {
      LOG.debug("Closing a session failed", e);
    }
  }
}
