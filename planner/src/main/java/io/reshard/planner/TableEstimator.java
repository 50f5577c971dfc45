package io.reshard.planner;

import java.sql.SQLException;

/** Estimates a table's size without scanning it. */
final class TableEstimator {
  /** A table that was never analyzed is counted in so many blocks at most. */
  private static final long SAMPLED_BLOCKS = 200;

  // A partitioned table has no files, and autovacuum never analyzes it: both are its leaves'.
  private static final String SIZE =
      """
      SELECT sum(s.main_bytes + s.toast_bytes)::bigint AS bytes, sum(s.blocks)::bigint AS blocks,
        coalesce(bool_and(s.reltuples > 0 AND s.relpages > 0) FILTER (WHERE s.blocks > 0), false)
          AS analyzed,
        sum(s.reltuples::float8) FILTER (WHERE s.blocks > 0) AS tuples,
        sum(round(s.reltuples::float8 / nullif(s.relpages, 0) * s.blocks)) AS present
      FROM (SELECT c.reltuples, c.relpages, pg_catalog.pg_relation_size(c.oid) AS main_bytes,
          CASE WHEN c.reltoastrelid = 0 THEN 0
            ELSE pg_catalog.pg_relation_size(c.reltoastrelid) END AS toast_bytes,
          pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::bigint AS blocks
        FROM pg_catalog.pg_class c
        WHERE c.oid IN (SELECT ?::oid
          UNION SELECT relid FROM pg_catalog.pg_partition_tree(?::oid::regclass))) s
      """;

  private TableEstimator() {}

  private record Size(long bytes, long blocks, boolean analyzed, double tuples, long present) {}

  /**
   * PostgreSQL's own method (manual, chapter 70.1): the density of rows at the last ANALYZE or
   * VACUUM, times the present size; or the density of a sample, where there was none.
   */
  static TableEstimate estimate(Session session, TableFacts table) throws SQLException {
    Size size =
        session.one(
            SIZE,
            row ->
                new Size(
                    row.getLong("bytes"),
                    row.getLong("blocks"),
                    row.getBoolean("analyzed"),
                    row.getDouble("tuples"),
                    row.getLong("present")),
            table.oid(),
            table.oid());
    if (size.blocks() == 0) {
      return TableEstimate.EMPTY;
    }
    if (size.analyzed()) {
      return new TableEstimate(size.present(), size.bytes(), size.blocks(), size.tuples());
    }
    long rows = table.readable() ? sampledRows(session, table, size.blocks()) : 0;
    return new TableEstimate(rows, size.bytes(), size.blocks(), -1);
  }

  private static long sampledRows(Session session, TableFacts table, long blocks)
      throws SQLException {
    double share = Math.min(1.0, (double) SAMPLED_BLOCKS / blocks);
    long counted =
        session.one(
            "SELECT count(*) FROM "
                + table.scanned()
                + " TABLESAMPLE SYSTEM ("
                + share * 100
                + ") REPEATABLE (0)",
            row -> row.getLong(1));
    return Math.round(counted / share);
  }
}
