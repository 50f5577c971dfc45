package io.reshard.verifier;

import io.reshard.core.error.ErrorCode;
import io.reshard.core.json.Documents;
import io.reshard.core.plan.Plan;
import io.reshard.core.plan.Split;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * A statement that reads the aggregates of one split on the shard that its parameters name. The
 * first parameter is the split as JSON; the second the target to read from, or empty for the
 * source, which is read for all its targets at once. For one thread.
 */
final class AggregateStatement {
  /** What is read of a split after somebody wanted the verification to stop. */
  private static final String NOTHING = "SELECT ?::text LIMIT 0";

  private final Verification verification;
  private final Side side;
  private final ShardSessions sessions;
  private final ReadingTurns turns;
  private final String[] parameters = {"", ""};
  private PreparedStatement delegate;

  AggregateStatement(
      Verification verification, Side side, ShardSessions sessions, ReadingTurns turns) {
    this.verification = verification;
    this.side = side;
    this.sessions = sessions;
    this.turns = turns;
  }

  /** The few calls that the source's reader makes. */
  Object call(String method, Object[] arguments) throws SQLException {
    switch (method) {
      case "setObject" -> parameters[(Integer) arguments[0] - 1] = (String) arguments[1];
      case "setFetchSize" -> {
        // A result is a few rows.
      }
      case "executeQuery" -> {
        return execute();
      }
      case "isClosed" -> {
        return delegate == null;
      }
      case "close" -> close();
      default -> throw new UnsupportedOperationException("PreparedStatement." + method);
    }
    return null;
  }

  private ResultSet execute() throws SQLException {
    Split split =
        Documents.parse(parameters[0], Split.class, ErrorCode.INTERNAL, "a split of the plan");
    List<String> targets =
        side == Side.SOURCE
            ? verification.plan().targetsOf(split.source())
            : List.of(parameters[1]);
    String shard = side == Side.SOURCE ? split.source() : parameters[1];
    if (!turns.begin(shard)) {
      return query(shard, NOTHING);
    }
    String sql =
        new StepSql(verification.plan(), verification.mode(), split.table(), split.source())
            .aggregates(split, targets, straysOn(split, shard));
    try {
      return query(shard, sql);
    } finally {
      turns.end(shard, split);
    }
  }

  private ResultSet query(String shard, String sql) {
    return sessions.read(
        side,
        shard,
        connection -> {
          delegate = connection.prepareStatement(sql);
          delegate.setString(1, parameters[0]);
          return delegate.executeQuery();
        });
  }

  /** Each shard's strays are counted once: as a source, or else with its first step's source. */
  private Optional<String> straysOn(Split split, String shard) {
    Plan plan = verification.plan();
    boolean here =
        side == Side.SOURCE
            || (!plan.sources().contains(shard)
                && plan.steps().stream()
                    .filter(step -> step.target().equals(shard))
                    .findFirst()
                    .orElseThrow()
                    .source()
                    .equals(split.source()));
    return here ? Optional.of(shard) : Optional.empty();
  }

  private void close() throws SQLException {
    if (delegate != null) {
      delegate.close();
      delegate = null;
    }
  }
}
