package io.reshard.core.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.reshard.core.TestServer;
import io.reshard.core.control.Epoch;
import io.reshard.core.error.ErrorCode;
import io.reshard.core.error.ReshardingException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Subtasks of one attempt, and of the next one, on one target. */
class TargetEpochITCase {
  private static final String OPERATION = "op-1";
  private static final Epoch FIRST = new Epoch(1, 1);
  private static final Epoch SECOND = new Epoch(1, 2);

  private String database;
  private Connection writing;
  private Connection claiming;

  @BeforeEach
  void open() throws SQLException {
    database = TestServer.createDatabase();
    writing = connect();
    claiming = connect();
    ShardSchema.ensure(writing);
    TargetEpoch.claim(writing, OPERATION, FIRST, "shard-0");
    writing.setAutoCommit(false);
    TargetEpoch.hold(writing, OPERATION, FIRST, "shard-0");
  }

  private Connection connect() throws SQLException {
    Connection connection = TestServer.connect(database);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = '30s'");
    }
    return connection;
  }

  @AfterEach
  void close() throws SQLException {
    writing.close();
    claiming.close();
  }

  /** A split is written for seconds, and another one follows at once. */
  @Test
  void aSubtaskDoesNotWaitForWhatItsSiblingWrites() throws SQLException {
    try (Statement statement = claiming.createStatement()) {
      statement.execute("SET lock_timeout = '200ms'");
    }
    TargetEpoch.claim(claiming, OPERATION, FIRST, "shard-0");
    claiming.setAutoCommit(false);
    assertThat(TargetEpoch.hold(claiming, OPERATION, FIRST, "shard-0")).isFalse();
  }

  /** Until then rows of the older attempt may still come. */
  @Test
  void aLaterAttemptWaitsForWhatTheOlderOneWrites() throws Exception {
    CompletableFuture<Void> later = claim(SECOND);
    Awaitility.await().until(this::someoneWaitsForTheEpoch);
    // Subtasks of the later attempt queue up behind the first of them, and not as writers.
    try (Connection third = connect()) {
      CompletableFuture<Void> sibling = claim(third, SECOND);
      assertThat(sibling).isNotDone();
      writing.commit();
      later.get(20, TimeUnit.SECONDS);
      sibling.get(20, TimeUnit.SECONDS);
    }
    assertThatThrownBy(() -> TargetEpoch.hold(writing, OPERATION, FIRST, "shard-0"))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.EPOCH_SUPERSEDED));
  }

  /** Its host is gone, so nobody goes on; the server does not know that for hours. */
  @Test
  void aLaterAttemptEndsAnOlderOneThatStoppedInTheMiddleOfItsClaim() throws SQLException {
    writing.commit();
    try (Connection stuck = connect();
        Statement statement = stuck.createStatement()) {
      statement.execute(
          "SET application_name = '" + TargetEpoch.application(OPERATION, FIRST) + "'");
      statement.execute(
          "SELECT pg_advisory_lock(hashtextextended('reshard claim " + OPERATION + "', 0))");
      try (Statement impatient = claiming.createStatement()) {
        impatient.execute("SET lock_timeout = '2s'");
      }
      TargetEpoch.claim(claiming, OPERATION, SECOND, "shard-0");
    }
    claiming.setAutoCommit(false);
    assertThat(TargetEpoch.hold(claiming, OPERATION, SECOND, "shard-0")).isFalse();
  }

  @Test
  void aRevokedEpochIsNotClaimedAgain() throws SQLException {
    writing.commit();
    TargetEpoch.revoke(claiming, OPERATION);
    assertThatThrownBy(() -> TargetEpoch.claim(claiming, OPERATION, FIRST, "shard-0"))
        .isInstanceOfSatisfying(
            ReshardingException.class,
            e -> assertThat(e.errorCode()).isEqualTo(ErrorCode.EPOCH_SUPERSEDED));
  }

  private CompletableFuture<Void> claim(Epoch epoch) {
    return claim(claiming, epoch);
  }

  private static CompletableFuture<Void> claim(Connection connection, Epoch epoch) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            TargetEpoch.claim(connection, OPERATION, epoch, "shard-0");
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private boolean someoneWaitsForTheEpoch() throws SQLException {
    try (Connection connection = TestServer.connect(database);
        Statement statement = connection.createStatement();
        var row =
            statement.executeQuery(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO reshard.epoch%'")) {
      row.next();
      return row.getInt(1) == 1;
    }
  }
}
