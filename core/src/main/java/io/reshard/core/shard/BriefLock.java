package io.reshard.core.shard;

import io.reshard.core.postgres.SqlStates;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * DDL on a table that an application is using. Whoever waits for a strong lock makes all others
 * wait behind it, so each try is short, and there is a pause between two.
 */
public final class BriefLock {
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private BriefLock() {}

  /**
   * Executes {@code sql} in a transaction of its own, trying for at most {@code patience}. Expects
   * auto-commit.
   *
   * @param wait how long one try may hold others up
   * @return whether the lock was had
   */
  public static boolean execute(Connection connection, String sql, Duration wait, Duration patience)
      throws SQLException {
    long end = System.nanoTime() + patience.toNanos();
    try (Statement statement = connection.createStatement()) {
      statement.execute("SET lock_timeout = '" + wait.toMillis() + "ms'");
      while (true) {
        try {
          statement.execute(sql);
          statement.execute("RESET lock_timeout");
          return true;
        } catch (SQLException e) {
          if (!SqlStates.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
            throw e;
          }
        }
        if (System.nanoTime() - end >= 0) {
          statement.execute("RESET lock_timeout");
          return false;
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }
}
