package io.reshard.core.shard;

import io.reshard.core.plan.PlannedTable;
import io.reshard.core.postgres.Sql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Triggers of fences and guards that have been disabled and refuse nothing any more. DROP TRIGGER
 * waits for everybody who reads the table, be it a report of hours, and lets nobody else read
 * meanwhile; ALTER TABLE ... DISABLE TRIGGER does not (PostgreSQL manual, chapter 13.3). So they
 * are dropped apart from it, when nobody is held up.
 */
public final class DisabledTriggers {
  private static final Logger LOG = LoggerFactory.getLogger(DisabledTriggers.class);

  /** How long readers may wait behind one try. */
  private static final Duration WAIT = Duration.ofMillis(100);

  private static final String FIND =
      """
      SELECT t.tgname, t.tgrelid::regclass::text
      FROM (SELECT to_regclass(?)::oid AS relid UNION SELECT relid FROM pg_partition_tree(to_regclass(?))) AS r
      JOIN pg_trigger t ON t.tgrelid = r.relid AND t.tgparentid = 0 AND t.tgenabled = 'D'
      WHERE t.tgname ~* '^reshard_(fence|guard)_'
      """;

  /** Looks again behind the lock: a later switch may have enabled it again. */
  private static final String DROP =
      """
      DO $reshard$ BEGIN
        LOCK TABLE %2$s IN ACCESS EXCLUSIVE MODE;
        IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = %3$s::regclass AND tgname = %4$s
            AND tgenabled = 'D') THEN
          DROP TRIGGER %1$s ON %2$s;
        END IF;
      END $reshard$
      """;

  private DisabledTriggers() {}

  /**
   * Drops those of one table and its partitions. What is in use for longer than {@code patience}
   * stays until the next call. Expects auto-commit.
   */
  public static void drop(Connection connection, PlannedTable table, Duration patience)
      throws SQLException {
    for (String drop : statements(connection, table)) {
      if (!BriefLock.execute(connection, drop, WAIT, patience)) {
        LOG.info("disabled triggers stay on {} for now: it is in use", table.quotedName());
        return;
      }
    }
  }

  private static List<String> statements(Connection connection, PlannedTable table)
      throws SQLException {
    List<String> statements = new ArrayList<>();
    try (PreparedStatement query = connection.prepareStatement(FIND)) {
      query.setString(1, table.quotedName());
      query.setString(2, table.quotedName());
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          String name = rows.getString(1);
          String on = rows.getString(2);
          statements.add(
              DROP.formatted(Sql.identifier(name), on, Sql.literal(on), Sql.literal(name)));
        }
      }
    }
    return statements;
  }
}
