package io.reshard.job.apply;

import io.reshard.core.checksum.RowHash;
import io.reshard.core.plan.PlannedTable;
import io.reshard.job.Migration;
import io.reshard.job.target.TargetSession;
import java.math.BigDecimal;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks each merge as it is made: what the target then holds of the block's keys must have the
 * number and the checksum of the rows that were read at the source. A difference does not stop the
 * merge: it takes its validity from every verification that began before, and the next one names
 * the keys. Not thread-safe.
 */
final class WriteCheck {
  private static final Logger LOG = LoggerFactory.getLogger(WriteCheck.class);

  private final Migration migration;
  private long mismatches;

  WriteCheck(Migration migration) {
    this.migration = migration;
  }

  /** Runs inside the transaction of the merge, so it sees the rows before anybody else can. */
  void check(TargetSession session, ChangeBlock block) throws SQLException {
    PlannedTable table = migration.table(block.table);
    String source = migration.plan().shardIds().get(block.source);
    String sql = statement(table, source, session.target());
    try (PreparedStatement query = session.connection().prepareStatement(sql)) {
      for (int column = 0; column < block.keys.length; column++) {
        query.setString(column + 1, TextArray.of(block.keys[column]));
      }
      try (ResultSet row = query.executeQuery()) {
        row.next();
        // The sum of bigints is a numeric: longValue() takes it modulo 2^64.
        BigDecimal checksum = row.getBigDecimal(2);
        if (row.getLong(1) != block.rows || checksum.longValue() != block.checksum) {
          mismatches++;
          LOG.error(
              "{} on {}: rows from {} do not read back as they were read; of {} rows {} are there",
              table.displayName(),
              session.target(),
              source,
              block.rows,
              row.getLong(1));
        }
      }
    }
  }

  private String statement(PlannedTable table, String source, String target) {
    return "SELECT count(*), coalesce(sum("
        + RowHash.ofRow(table, "t")
        + "), 0) FROM "
        + KeyJoin.unnest(KeyJoin.parameters(table), table.primaryKey().size())
        + " JOIN "
        + table.quotedName()
        + " AS t ON "
        + KeyJoin.condition(table)
        + " WHERE "
        + migration.plan().movedIn(table, "t", source, target);
  }

  /** How many blocks did not read back as they were read. */
  long mismatches() {
    return mismatches;
  }
}
