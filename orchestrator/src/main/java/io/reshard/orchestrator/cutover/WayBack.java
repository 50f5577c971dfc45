package io.reshard.orchestrator.cutover;

import io.reshard.core.control.CaptureTurn;
import io.reshard.core.control.ControlDatabase;
import io.reshard.core.error.ReshardingException;
import io.reshard.core.plan.Plan;
import io.reshard.core.postgres.Secrets;
import io.reshard.core.shard.ChangeCaptures;
import io.reshard.core.topology.Topology;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The change capture on the shards that get rows, made between the opening of an attempt and its
 * fence: no write under the new topology can be missed, and of what the forward job writes little
 * is captured. That echo does no harm, as rows are read again after the switch. What cannot be made
 * refuses the cutover.
 */
final class WayBack {
  private static final String SERVER =
      """
      SELECT current_setting('wal_level'),
        current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots),
        current_setting('max_wal_senders')::int - (SELECT count(*) FROM pg_stat_replication),
        (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user)
      """;

  private final Plan reverse;
  private final ChangeCaptures captures;

  WayBack(Plan reverse, Secrets secrets, ControlDatabase control) {
    this.reverse = reverse;
    this.captures = new ChangeCaptures(reverse, secrets, control);
  }

  /** Checks what can be checked without making anything; {@code cutover_aborted} says what is. */
  void check(ShardSessions sessions, Deadline deadline) {
    sessions.each(reverse.sources(), "gate", deadline, this::checkShard);
  }

  private boolean checkShard(String shard, Connection connection) throws SQLException {
    List<String> problems = new ArrayList<>();
    long needed = onTheNodeOf(shard);
    try (PreparedStatement query = connection.prepareStatement(SERVER);
        ResultSet row = query.executeQuery()) {
      row.next();
      if (!"logical".equals(row.getString(1))) {
        problems.add(
            "wal_level is " + row.getString(1) + "; set it to logical and restart the server");
      }
      if (row.getInt(2) < needed) {
        problems.add(
            "%d replication slots are free and %d needed; drop some, or raise max_replication_slots"
                .formatted(row.getInt(2), needed));
      }
      if (row.getInt(3) < needed) {
        problems.add(
            "%d WAL senders are free and %d needed; raise max_wal_senders and restart the server"
                .formatted(row.getInt(3), needed));
      }
      if (!row.getBoolean(4)) {
        problems.add("the role may not replicate; ALTER ROLE … REPLICATION");
      }
    }
    if (!problems.isEmpty()) {
      throw Gate.refuse("there would be no way back from " + shard + ": " + problems);
    }
    return true;
  }

  /** How many shards of its node send their changes back. */
  private long onTheNodeOf(String shard) {
    Topology topology = reverse.source();
    String node = topology.shard(shard).node();
    return reverse.sources().stream()
        .filter(source -> topology.shard(source).node().equals(node))
        .count();
  }

  /** Makes publications and slots; {@code cutover_aborted} names the shard and the reason. */
  void prepare(int attempt, Duration timeout) {
    CaptureTurn turn = CaptureTurn.ofCutover(attempt);
    try {
      captures.begin(turn);
      captures.make(turn, timeout);
    } catch (ReshardingException e) {
      throw Gate.refuse("there would be no way back: " + e.getMessage(), e);
    }
  }

  /**
   * Drops what {@link #prepare} made for this attempt or an earlier one, since a slot that nobody
   * reads fills its disk. Of a later attempt nothing is dropped.
   */
  void discard(int attempt) {
    captures.drop(CaptureTurn.undoing(attempt));
  }
}
