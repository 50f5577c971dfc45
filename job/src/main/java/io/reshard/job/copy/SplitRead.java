package io.reshard.job.copy;

import io.reshard.core.plan.Plan;
import io.reshard.core.plan.PlannedTable;
import io.reshard.core.plan.SplitSql;
import io.reshard.core.postgres.Sql;
import io.reshard.core.routing.TableRouting;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/** One read of one split: a COPY under one snapshot, cut into blocks by target. */
final class SplitRead {
  /** Measured: between 64 KB and 4 MB the size makes no difference. */
  private static final int BLOCK_BYTES = 256 * 1024;

  private final CopySplit split;
  private final long read = ThreadLocalRandom.current().nextLong();
  private final Map<Integer, BlockBuilder> builders = new LinkedHashMap<>();
  private final TupleReader tuples;
  private boolean finished;

  SplitRead(CopySplit split, PlannedTable table, Plan plan, Connection connection)
      throws SQLException {
    this.split = split;
    for (String target : plan.targetsOf(split.split().source())) {
      int ordinal = plan.shardOrdinal(target);
      builders.put(ordinal, new BlockBuilder(split, ordinal, read));
    }
    CopyOut copy =
        connection.unwrap(PGConnection.class).getCopyAPI().copyOut(statement(split, table, plan));
    this.tuples = new TupleReader(copy, table.binaryCopy());
  }

  CopySplit split() {
    return split;
  }

  boolean finished() {
    return finished;
  }

  /**
   * Rows that the source owns under the old topology and not under the new one. Rows that lie there
   * as strays are left: the source is not the one to speak for them.
   */
  static String statement(CopySplit copySplit, PlannedTable table, Plan plan) {
    String source = copySplit.split().source();
    TableRouting newRouting = plan.newRouting(table, "t");
    return "COPY (SELECT "
        + newRouting.owner(plan::shardOrdinal)
        + ", "
        + Sql.identifiers("t", table.copiedColumns())
        + " FROM "
        + table.quotedName()
        + " AS t"
        + newRouting.ownersJoin(plan::shardOrdinal)
        + " WHERE "
        + SplitSql.predicate(table, copySplit.split(), "t")
        + " AND "
        + plan.oldRouting(table, "t").ownedBy(source)
        + " AND NOT "
        + newRouting.ownedBy(source)
        + ") TO STDOUT"
        + (table.binaryCopy() ? " (FORMAT binary)" : "");
  }

  /** The next full block, or at the end the last block of every target, be it empty. */
  List<CopyBlock> next() throws SQLException {
    List<CopyBlock> blocks = new ArrayList<>();
    while (tuples.next()) {
      BlockBuilder builder = builders.get(tuples.owner());
      if (builder == null) {
        throw new SQLException(
            "a row of split " + split.splitId() + " belongs to a shard that no step leads to");
      }
      builder.append(tuples);
      if (builder.size() >= BLOCK_BYTES) {
        blocks.add(builder.build(false));
        return blocks;
      }
    }
    builders.values().forEach(builder -> blocks.add(builder.build(true)));
    finished = true;
    return blocks;
  }
}
